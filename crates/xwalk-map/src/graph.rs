//! The graph of editions: maps and annual steps are its edges, a route is a chain of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Add;
use std::str::FromStr;

use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;
use xwalk_model::{CodeSystem, EditionId, EditionIdError, MapId, Period};

use crate::error::MapError;
use crate::order::{chronological, is_mid_year, missing_between};
use crate::outcome::Basis;
use crate::step::Method;

/// What carries codes over one leg of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// A map, the map of the other direction, or both; the method tells how they are read.
    Map {
        /// The map from source to target.
        forward: Option<MapId>,
        /// The map from target to source.
        backward: Option<MapId>,
    },
    /// The step between two editions of a system.
    Annual {
        /// Whether it leads to the later edition.
        forward: bool,
        /// Editions in between that are not held.
        missing: Vec<EditionId>,
    },
}

/// One leg of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Where it starts.
    pub from: EditionId,
    /// Where it leads.
    pub to: EditionId,
    /// What carries codes over it.
    pub via: Via,
    /// On whose word.
    pub basis: Basis,
}

/// A place that a route has to pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waypoint {
    /// An edition.
    Edition(EditionId),
    /// A map: `icd9cm@32..icd10cm@2018/gem`.
    Map(MapId),
}

impl FromStr for Waypoint {
    type Err = EditionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((source, rest)) = text.split_once("..") else { return Ok(Self::Edition(text.parse()?)) };
        let (target, name) = rest.split_once('/').unwrap_or((rest, ""));
        let id = MapId { source: source.parse()?, target: target.parse()?, name: name.to_owned() };
        Ok(Self::Map(id))
    }
}

/// Cost of a leg; compared field by field: gaps, inferences, derivations, loss, length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cost([u32; 5]);

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let mut sum = self;
        for (a, b) in sum.0.iter_mut().zip(other.0) {
            *a += b;
        }
        sum
    }
}

#[derive(Clone, Debug)]
struct Edge {
    via: Via,
    basis: Basis,
    lossy: bool,
}

impl Edge {
    fn cost(&self) -> Cost {
        let gap = matches!(&self.via, Via::Annual { missing, .. } if !missing.is_empty());
        let number = u32::from;
        Cost([
            number(gap),
            number(self.basis == Basis::Inferred),
            number(self.basis == Basis::Derived),
            number(self.lossy),
            1,
        ])
    }
}

/// Editions and what leads from one to another.
#[derive(Clone, Debug, Default)]
pub struct EditionGraph {
    graph: DiGraph<EditionId, Edge>,
    nodes: BTreeMap<EditionId, (NodeIndex, Period)>,
    /// Editions of which the codes are known, from a release or from a crosswalk; others are only ends of maps.
    known: BTreeSet<EditionId>,
    maps: Vec<MapId>,
}

/// Name of the maps that conversion tables are stored as. They are not legs by themselves: annual steps are made from
/// them.
const CONVERSION: &str = "nchs-conversion";

impl EditionGraph {
    /// A graph without editions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an edition, once.
    pub fn add_edition(&mut self, id: &EditionId, effective: Period) {
        self.known.insert(id.clone());
        self.add_node(id, effective);
    }

    fn add_node(&mut self, id: &EditionId, effective: Period) {
        if !self.nodes.contains_key(id) {
            let node = self.graph.add_node(id.clone());
            self.nodes.insert(id.clone(), (node, effective));
        }
    }

    /// Adds a map; its editions come with it.
    pub fn add_map(&mut self, id: &MapId) {
        if id.name.starts_with(CONVERSION) && id.source.system == id.target.system {
            return;
        }
        self.add_node(&id.source, Period::default());
        self.add_node(&id.target, Period::default());
        if !self.maps.contains(id) {
            self.maps.push(id.clone());
        }
    }

    /// The editions in order.
    pub fn editions(&self) -> impl Iterator<Item = &EditionId> {
        self.nodes.keys()
    }

    fn annual_edges(&mut self, stated: &dyn Fn(&EditionId, &EditionId) -> bool) {
        let mut by_system: BTreeMap<CodeSystem, Vec<(&EditionId, Period)>> = BTreeMap::new();
        for (id, (_, period)) in self.nodes.iter().filter(|(id, _)| self.known.contains(id)) {
            by_system.entry(id.system).or_default().push((id, *period));
        }
        let mut found: Vec<(NodeIndex, NodeIndex, Edge)> = Vec::new();
        for editions in by_system.values_mut() {
            editions.sort_by(|a, b| chronological(*a, *b));
            for (i, (from, _)) in editions.iter().enumerate() {
                for (to, _) in &editions[i + 1..] {
                    let missing = missing_between(from, to);
                    let basis = if stated(from, to) { Basis::Official } else { Basis::Derived };
                    for forward in [true, false] {
                        let via = Via::Annual { forward, missing: missing.clone() };
                        let (a, b) = if forward { (from, to) } else { (to, from) };
                        let edge = Edge { via, basis, lossy: true };
                        found.push((self.nodes[*a].0, self.nodes[*b].0, edge));
                    }
                    // Past the next whole edition the steps are chained, so that each year has its own table.
                    if !is_mid_year(to) {
                        break;
                    }
                }
            }
        }
        for (a, b, edge) in found {
            self.graph.add_edge(a, b, edge);
        }
    }

    fn map_edges(&mut self, method: Method, chosen: &[MapId]) {
        let mut ends: BTreeSet<(EditionId, EditionId)> = BTreeSet::new();
        for id in &self.maps {
            ends.insert((id.source.clone(), id.target.clone()));
            ends.insert((id.target.clone(), id.source.clone()));
        }
        for (from, to) in ends {
            let between = |a: &EditionId, b: &EditionId| -> Vec<&MapId> {
                let all: Vec<&MapId> =
                    self.maps.iter().filter(|m| m.source == *a && m.target == *b).collect();
                let named: Vec<&MapId> = all.iter().copied().filter(|m| chosen.contains(m)).collect();
                if named.is_empty() { all } else { named }
            };
            let mut forward: Vec<Option<&MapId>> = between(&from, &to).into_iter().map(Some).collect();
            let mut backward: Vec<Option<&MapId>> = between(&to, &from).into_iter().map(Some).collect();
            let uses = match method {
                Method::Gem => (true, false),
                Method::ReverseGem => (false, true),
                Method::Both | Method::MultiStage => (true, true),
            };
            if (uses.0 && forward.is_empty()) || (uses.1 && backward.is_empty()) {
                continue;
            }
            // The map that is not read only tells which alternatives come back, so one of a kind is enough.
            if !uses.0 {
                forward.truncate(1);
            }
            if !uses.1 {
                backward.retain(|b| forward.iter().flatten().any(|f| b.is_some_and(|b| b.name == f.name)));
            }
            if forward.is_empty() {
                forward.push(None);
            }
            if backward.is_empty() {
                backward.push(None);
            }
            let (a, b) = (self.nodes[&from].0, self.nodes[&to].0);
            let mut edges = Vec::new();
            for f in &forward {
                for b in &backward {
                    if let (Some(f), Some(b)) = (f, b)
                        && uses == (true, false)
                        && f.name != b.name
                        && backward.len() > 1
                    {
                        continue;
                    }
                    let via = Via::Map { forward: (*f).cloned(), backward: (*b).cloned() };
                    edges.push(Edge { via, basis: Basis::Official, lossy: true });
                }
            }
            for edge in edges {
                self.graph.add_edge(a, b, edge);
            }
        }
    }

    /// The best route past all waypoints: without gaps before with gaps, stated before derived before inferred, fewer
    /// lossy legs, fewer legs.
    ///
    /// `stated` tells whether an authority states successors between two editions of a system.
    pub fn route(
        &self,
        from: &EditionId,
        to: &EditionId,
        waypoints: &[Waypoint],
        method: Method,
        allow_gaps: bool,
        stated: &dyn Fn(&EditionId, &EditionId) -> bool,
    ) -> Result<Vec<Leg>, MapError> {
        let mut whole = self.clone();
        let chosen: Vec<MapId> = waypoints
            .iter()
            .flat_map(|w| match w {
                Waypoint::Map(id) => self.named(id),
                Waypoint::Edition(_) => Vec::new(),
            })
            .collect();
        whole.annual_edges(stated);
        whole.map_edges(method, &chosen);
        let mut stops: Vec<EditionId> = vec![from.clone()];
        for waypoint in waypoints {
            match waypoint {
                Waypoint::Edition(id) => stops.push(id.clone()),
                Waypoint::Map(id) => {
                    if self.named(id).is_empty() {
                        return Err(MapError::NoRoute {
                            from: id.source.clone(),
                            to: id.target.clone(),
                            hint: format!("no map {id} is held"),
                        });
                    }
                    if stops.last() != Some(&id.source) {
                        stops.push(id.source.clone());
                    }
                    stops.push(id.target.clone());
                }
            }
        }
        if stops.last() != Some(to) || stops.len() == 1 {
            stops.push(to.clone());
        }
        stops.dedup();
        let mut legs: Vec<Leg> = Vec::new();
        for pair in stops.windows(2) {
            legs.extend(whole.between(&pair[0], &pair[1], &chosen, method)?);
        }
        refuse_cycles(from, &legs)?;
        if let Some(leg) =
            legs.iter().find(|l| matches!(&l.via, Via::Annual { missing, .. } if !missing.is_empty()))
            && let Via::Annual { missing, .. } = &leg.via
            && !allow_gaps
        {
            return Err(MapError::MissingEdition {
                from: leg.from.clone(),
                to: leg.to.clone(),
                missing: missing.clone(),
            });
        }
        Ok(legs)
    }

    fn named(&self, id: &MapId) -> Vec<MapId> {
        let same = |m: &&MapId| {
            m.source == id.source && m.target == id.target && (id.name.is_empty() || m.name == id.name)
        };
        self.maps.iter().filter(same).cloned().collect()
    }

    fn between(
        &self,
        from: &EditionId,
        to: &EditionId,
        chosen: &[MapId],
        method: Method,
    ) -> Result<Vec<Leg>, MapError> {
        let node = |id: &EditionId| {
            self.nodes.get(id).map(|(node, _)| *node).ok_or_else(|| MapError::NotHeld {
                id: id.clone(),
                held: self.nodes.keys().filter(|k| k.system == id.system).cloned().collect(),
            })
        };
        let (start, goal) = (node(from)?, node(to)?);
        let found = petgraph::algo::astar(
            &self.graph,
            start,
            |n| n == goal,
            |e| e.weight().cost(),
            |_| Cost::default(),
        );
        let Some((_, path)) = found else {
            return Err(MapError::NoRoute {
                from: from.clone(),
                to: to.clone(),
                hint: self.hint(from, to, method),
            });
        };
        let mut legs = Vec::with_capacity(path.len());
        for pair in path.windows(2) {
            let edge = self.best_edge(pair[0], pair[1], chosen)?;
            let edge = &self.graph[edge];
            legs.push(Leg {
                from: self.graph[pair[0]].clone(),
                to: self.graph[pair[1]].clone(),
                via: edge.via.clone(),
                basis: edge.basis,
            });
        }
        Ok(legs)
    }

    /// The best edge between two editions; two maps of the same worth have to be chosen from.
    fn best_edge(&self, a: NodeIndex, b: NodeIndex, chosen: &[MapId]) -> Result<EdgeIndex, MapError> {
        let edges: Vec<_> = self.graph.edges_connecting(a, b).collect();
        let least = edges.iter().map(|e| e.weight().cost()).min().unwrap_or_default();
        // A map between two editions of one system, such as a transition table, speaks for itself.
        let is_map = |e: &Edge| matches!(e.via, Via::Map { .. });
        let best: Vec<_> = edges.iter().filter(|e| e.weight().cost() == least).collect();
        let maps: Vec<_> = best.iter().filter(|e| is_map(e.weight())).collect();
        match &maps[..] {
            [] => Ok(best.first().map(|e| e.id()).expect("a path runs over this edge")),
            [one] => Ok(one.id()),
            several => {
                let mut ids: Vec<MapId> = several
                    .iter()
                    .filter_map(|e| match &e.weight().via {
                        Via::Map { forward, backward } => forward.clone().or_else(|| backward.clone()),
                        Via::Annual { .. } => None,
                    })
                    .collect();
                ids.sort();
                ids.dedup();
                if ids.len() == 1 || ids.iter().filter(|id| chosen.contains(id)).count() == 1 {
                    return Ok(several[0].id());
                }
                Err(MapError::SeveralMaps {
                    from: self.graph[a].clone(),
                    to: self.graph[b].clone(),
                    maps: ids,
                })
            }
        }
    }

    fn hint(&self, from: &EditionId, to: &EditionId, method: Method) -> String {
        let systems = (from.system, to.system);
        let reverse: Vec<String> = self
            .maps
            .iter()
            .filter(|m| (m.target.system, m.source.system) == systems)
            .map(ToString::to_string)
            .collect();
        if method == Method::Gem && !reverse.is_empty() {
            return format!(
                "{} leads the other way; read it backward with --method reverse-gem",
                reverse.join(", ")
            );
        }
        let across: Vec<String> = self
            .maps
            .iter()
            .filter(|m| (m.source.system, m.target.system) == systems)
            .map(ToString::to_string)
            .collect();
        if across.is_empty() {
            format!("import a map between {} and {}", from.system.name(), to.system.name())
        } else {
            let ends: BTreeSet<String> = self
                .maps
                .iter()
                .filter(|m| (m.source.system, m.target.system) == systems)
                .flat_map(|m| [&m.source, &m.target])
                .filter(|id| !self.known.contains(id))
                .map(ToString::to_string)
                .collect();
            let lacking: Vec<String> = ends.into_iter().collect();
            let lacking = if lacking.is_empty() {
                "the editions in between".to_owned()
            } else {
                format!("{}, which a map needs at its end", lacking.join(" and "))
            };
            format!("held are the maps {}; import {lacking}", across.join(", "))
        }
    }
}

fn refuse_cycles(from: &EditionId, legs: &[Leg]) -> Result<(), MapError> {
    let path: Vec<EditionId> = std::iter::once(from).chain(legs.iter().map(|l| &l.to)).cloned().collect();
    let mut seen = BTreeSet::new();
    for edition in &path {
        if !seen.insert(edition) {
            return Err(MapError::Cycle { edition: edition.clone(), path: path.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(editions: &[&str], maps: &[&str]) -> EditionGraph {
        let mut graph = EditionGraph::new();
        for id in editions {
            let id: EditionId = id.parse().unwrap();
            let effective = xwalk_model::calendar::fiscal_year(&id.version).unwrap_or_default();
            graph.add_edition(&id, effective);
        }
        for map in maps {
            let Waypoint::Map(id) = map.parse().unwrap() else { panic!("{map}") };
            graph.add_map(&id);
        }
        graph
    }

    #[track_caller]
    fn check(graph: &EditionGraph, from: &str, to: &str, via: &[&str], method: Method, expected: &str) {
        let via: Vec<Waypoint> = via.iter().map(|v| v.parse().unwrap()).collect();
        let stated = |_: &EditionId, _: &EditionId| true;
        let route = graph.route(&from.parse().unwrap(), &to.parse().unwrap(), &via, method, false, &stated);
        let seen = match route {
            Ok(legs) => {
                let stops = legs.iter().map(|leg| leg.to.to_string());
                std::iter::once(from.to_owned()).chain(stops).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(seen, expected);
    }

    const GEM: &str = "icd9cm@32..icd10cm@2018/gem";
    const BACK: &str = "icd10cm@2018..icd9cm@32/gem";

    #[test]
    fn through_the_map_and_every_october() {
        let editions = ["icd9cm@32", "icd10cm@2018", "icd10cm@2019", "icd10cm@2019-04", "icd10cm@2020"];
        let g = graph(&editions, &[GEM]);
        let whole = "icd9cm@32 icd10cm@2018 icd10cm@2019 icd10cm@2020";
        check(&g, "icd9cm@32", "icd10cm@2020", &[], Method::Gem, whole);
        check(&g, "icd10cm@2019-04", "icd10cm@2020", &[], Method::Gem, "icd10cm@2019-04 icd10cm@2020");
        check(&g, "icd10cm@2020", "icd10cm@2018", &[], Method::Gem, "icd10cm@2020 icd10cm@2019 icd10cm@2018");
        check(&g, "icd10cm@2020", "icd10cm@2020", &[], Method::Gem, "icd10cm@2020");
    }

    #[test]
    fn backward_along_a_forward_map_only_when_asked() {
        let g = graph(&["icd9cm@32", "icd10cm@2018"], &[GEM]);
        check(
            &g,
            "icd10cm@2018",
            "icd9cm@32",
            &[],
            Method::Gem,
            "no map leads from icd10cm@2018 to icd9cm@32; icd9cm@32..icd10cm@2018/gem leads the other way; read it \
             backward with --method reverse-gem",
        );
        check(&g, "icd10cm@2018", "icd9cm@32", &[], Method::ReverseGem, "icd10cm@2018 icd9cm@32");
        let both = graph(&["icd9cm@32", "icd10cm@2018"], &[GEM, BACK]);
        check(&both, "icd10cm@2018", "icd9cm@32", &[], Method::MultiStage, "icd10cm@2018 icd9cm@32");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let g = graph(&["icd10cm@2018", "icd10cm@2021"], &[]);
        check(
            &g,
            "icd10cm@2018",
            "icd10cm@2021",
            &[],
            Method::Gem,
            "icd10cm@2019, icd10cm@2020 are missing between icd10cm@2018 and icd10cm@2021; import them, or pass \
             --allow-gaps to go over the gap by what can be computed from the two editions alone",
        );
        check(
            &g,
            "icd10cm@2018",
            "icd10cm@2030",
            &[],
            Method::Gem,
            "icd10cm@2030 is not held; held are icd10cm@2018, icd10cm@2021",
        );
        let other = "icd9cm@32..icd10cm@2018/own";
        let two = graph(&["icd9cm@32", "icd10cm@2018"], &[GEM, other]);
        check(
            &two,
            "icd9cm@32",
            "icd10cm@2018",
            &[],
            Method::Gem,
            "2 maps lead from icd9cm@32 to icd10cm@2018: icd9cm@32..icd10cm@2018/gem, icd9cm@32..icd10cm@2018/own; \
             name one with --via",
        );
        check(&two, "icd9cm@32", "icd10cm@2018", &[other], Method::Gem, "icd9cm@32 icd10cm@2018");
        let chain = graph(&["icd10cm@2018", "icd10cm@2019", "icd10cm@2020"], &[]);
        check(
            &chain,
            "icd10cm@2018",
            "icd10cm@2019",
            &["icd10cm@2020"],
            Method::Gem,
            "the route comes to icd10cm@2019 twice (icd10cm@2018, icd10cm@2019, icd10cm@2020, icd10cm@2019); leave \
             out what makes it a cycle",
        );
    }
}
