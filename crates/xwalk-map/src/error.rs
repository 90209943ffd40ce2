//! Why a route cannot be built.

use xwalk_model::{EditionId, MapId};

/// What goes wrong between editions and maps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// An edition that was named is not in the graph.
    #[error("{id} is not held{}", held_list(.held))]
    NotHeld {
        /// The edition.
        id: EditionId,
        /// What is held of its system.
        held: Vec<EditionId>,
    },
    /// No chain of maps leads from one edition to the other.
    #[error("no map leads from {from} to {to}{}", hint_tail(.hint))]
    NoRoute {
        /// Where it should start.
        from: EditionId,
        /// Where it should lead.
        to: EditionId,
        /// What would help.
        hint: String,
    },
    /// An edition is missing in a chain of annual steps.
    #[error(
        "{} missing between {from} and {to}; import {}, or pass --allow-gaps to go over the gap by what can be \
         computed from the two editions alone", missing_list(.missing), if .missing.len() == 1 { "it" } else { "them" }
    )]
    MissingEdition {
        /// The edition before the gap.
        from: EditionId,
        /// The edition after it.
        to: EditionId,
        /// What is missing.
        missing: Vec<EditionId>,
    },
    /// Two maps serve the same step and neither is better.
    #[error(
        "{} maps lead from {from} to {to}: {}; name one with --via", .maps.len(), join(.maps)
    )]
    SeveralMaps {
        /// Source of the step.
        from: EditionId,
        /// Target of the step.
        to: EditionId,
        /// The maps.
        maps: Vec<MapId>,
    },
    /// The route would come to an edition twice.
    #[error("the route comes to {edition} twice ({}); leave out what makes it a cycle", join(.path))]
    Cycle {
        /// The edition.
        edition: EditionId,
        /// The editions of the route in order.
        path: Vec<EditionId>,
    },
    /// Too many codes of a map are not in its editions.
    #[error(
        "{count} of {of} codes of the map {map} are not in {edition}, for instance {}; the map and the edition do not \
         belong together (up to {limit} are passed over)", .examples.join(", ")
    )]
    ForeignCodes {
        /// The map.
        map: String,
        /// The edition.
        edition: EditionId,
        /// How many.
        count: usize,
        /// Of how many.
        of: usize,
        /// The first of them.
        examples: Vec<String>,
        /// How many are passed over.
        limit: usize,
    },
}

fn join<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn held_list(held: &[EditionId]) -> String {
    if held.is_empty() {
        "; nothing of its system is".to_owned()
    } else {
        format!("; held are {}", join(held))
    }
}

fn hint_tail(hint: &str) -> String {
    if hint.is_empty() { String::new() } else { format!("; {hint}") }
}

fn missing_list(missing: &[EditionId]) -> String {
    format!("{} {}", join(missing), if missing.len() == 1 { "is" } else { "are" })
}
