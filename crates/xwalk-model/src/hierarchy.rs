//! The tree of an edition. petgraph does the walking and stays inside this module.

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::Dfs;

/// Parents and children by concept number; an edge runs from parent to child.
pub(crate) struct Tree(DiGraph<(), (), u32>);

impl Tree {
    /// Builds the tree of `parents`, where `parents[i]` is the parent of concept `i`.
    pub(crate) fn new(parents: impl ExactSizeIterator<Item = Option<u32>>) -> Self {
        let mut graph = DiGraph::with_capacity(parents.len(), parents.len());
        for _ in 0..parents.len() {
            graph.add_node(());
        }
        let mut edges: Vec<(u32, u32)> =
            parents.enumerate().filter_map(|(child, parent)| Some((parent?, child as u32))).collect();
        // petgraph lists the newest edge first, so adding them backwards gives children in tabular order.
        edges.reverse();
        graph.extend_with_edges(edges);
        Self(graph)
    }

    /// Whether some concept is its own ancestor.
    pub(crate) fn has_cycle(&self) -> bool {
        petgraph::algo::is_cyclic_directed(&self.0)
    }

    pub(crate) fn children(&self, of: u32) -> impl Iterator<Item = u32> {
        self.0.neighbors_directed(NodeIndex::new(of as usize), Direction::Outgoing).map(|n| n.index() as u32)
    }

    /// Everything below `of`, in tabular order, without `of` itself.
    pub(crate) fn descendants(&self, of: u32) -> Vec<u32> {
        let start = NodeIndex::new(of as usize);
        let mut walk = Dfs::new(&self.0, start);
        let mut found = Vec::new();
        while let Some(node) = walk.next(&self.0) {
            if node != start {
                found.push(node.index() as u32);
            }
        }
        found.sort_unstable();
        found
    }
}
