//! Routes built from what is at hand.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::{Context, bail};
use rayon::prelude::*;
use xwalk_map::{
    AnnualStep, DatedResolver, Inference, Leg, Method, Options, Preferences, Resolver, Step, Timeline, Via,
    Waypoint,
};
use xwalk_model::{Code, CodeSystem, Concept, ConceptMap, Edition, EditionId, MapId};

use crate::holdings::{Holdings, Need};
use crate::lists::List;

/// How maps between two systems are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum MethodChoice {
    /// The map from source to target as published
    #[default]
    Gem,
    /// The map from target to source, read backward
    ReverseGem,
    /// Both together
    Both,
    /// Everything within three steps of both
    MultiStage,
}

impl From<MethodChoice> for Method {
    fn from(choice: MethodChoice) -> Self {
        match choice {
            MethodChoice::Gem => Self::Gem,
            MethodChoice::ReverseGem => Self::ReverseGem,
            MethodChoice::Both => Self::Both,
            MethodChoice::MultiStage => Self::MultiStage,
        }
    }
}

/// The options of every command that carries codes along a route.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RouteArgs {
    /// Editions or maps that the route has to pass, in order: icd10cm@2018, icd9cm@32..icd10cm@2018/gem
    #[arg(long, value_name = "EDITION|MAP", value_delimiter = ',', value_parser = parse_waypoint)]
    pub(crate) via: Vec<Waypoint>,
    /// How maps between two systems are read
    #[arg(long, value_enum, default_value = "gem")]
    pub(crate) method: MethodChoice,
    /// Further official files for this run: editions and maps as files, folders or zips
    #[arg(long, value_name = "PATH")]
    pub(crate) with: Vec<PathBuf>,
    /// Go over editions that are missing in a chain of years
    #[arg(long)]
    pub(crate) allow_gaps: bool,
    /// Apply inferred successors where no authority states any; each is marked with its score and reason
    #[arg(long)]
    pub(crate) inferred: bool,
    /// A reviewed crosswalk (SSSOM TSV) whose decisions go before everything else
    #[arg(long, value_name = "FILE")]
    pub(crate) decisions: Option<PathBuf>,
    /// With more alternatives than this an answer is too wide, and only their number is told
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) max_alternatives: usize,
    /// Your own counts (CSV with columns code and n): what you use most comes first
    #[arg(long, value_name = "FILE")]
    pub(crate) volumes: Option<PathBuf>,
    /// Per thousand of its codes, how many codes of a map may be missing from its editions
    #[arg(long, value_name = "PER MILLE", default_value_t = 10)]
    pub(crate) foreign_limit: usize,
}

fn parse_waypoint(text: &str) -> Result<Waypoint, String> {
    text.parse().map_err(|e: xwalk_model::EditionIdError| e.to_string())
}

impl RouteArgs {
    /// The route between two editions.
    pub(crate) fn legs(
        &self,
        holdings: &Holdings<'_>,
        from: &EditionId,
        to: &EditionId,
    ) -> anyhow::Result<Vec<Leg>> {
        let stated = |a: &EditionId, b: &EditionId| holdings.states(a, b);
        let method = self.method.into();
        Ok(holdings.graph().route(from, to, &self.via, method, self.allow_gaps, &stated)?)
    }

    /// A resolver for a route: its editions and maps are read side by side.
    pub(crate) fn resolver(
        &self,
        holdings: &Holdings<'_>,
        from: &EditionId,
        to: &EditionId,
    ) -> anyhow::Result<Resolver> {
        let legs = self.legs(holdings, from, to)?;
        let decisions = self.decisions.as_deref().map(read_decisions).transpose()?;
        if let (Some(path), Some(maps)) = (&self.decisions, &decisions)
            && !maps.iter().any(|m| m.id.source == *from && m.id.target == *to)
        {
            bail!("{} decides from {}, not from {from} to {to}", path.display(), ends(maps));
        }
        let cache = StepCache::default();
        self.resolver_over(holdings, from, to, &legs, decisions.as_deref(), (Need::Titles, &cache))
    }

    /// Resolvers from each edition of some systems that a route leads on from, by the date of each code. Source editions
    /// hold the titles of `shown`, and those by which alternatives are ranked and losses named.
    pub(crate) fn dated(
        &self,
        holdings: &Holdings<'_>,
        systems: &[CodeSystem],
        to: &EditionId,
        shown: &HashSet<Code>,
    ) -> anyhow::Result<DatedResolver> {
        let ids: Vec<EditionId> = systems.iter().flat_map(|s| holdings.editions_of(*s)).collect();
        if ids.is_empty() {
            let names: Vec<&str> = systems.iter().map(|s| s.name()).collect();
            bail!(
                "no edition of {} is held; import them, or name their files with --with",
                names.join(" or ")
            );
        }
        let cache = StepCache::default();
        // Each of them is the source of a route, and routes share them.
        let read: anyhow::Result<Vec<_>> =
            ids.par_iter().map(|id| cache.edition(holdings, id, self.need(*id == *to))).collect();
        read?;
        let decisions = self.decisions.as_deref().map(read_decisions).transpose()?;
        if let (Some(path), Some(maps)) = (&self.decisions, &decisions)
            && !maps.iter().any(|m| ids.contains(&m.id.source) && m.id.target == *to)
        {
            bail!("{} decides from {}, not to {to} from an edition that is held", path.display(), ends(maps));
        }
        let mut resolvers = Vec::new();
        let mut failed = None;
        for id in &ids {
            match self.legs(holdings, id, to) {
                Ok(legs) => resolvers.push(self.resolver_over(
                    holdings,
                    id,
                    to,
                    &legs,
                    decisions.as_deref(),
                    (Need::Outline, &cache),
                )?),
                // An edition from which nothing leads on is told when a code is of it; no route at all is an error.
                Err(error) => failed = Some(error),
            }
        }
        if let (true, Some(error)) = (resolvers.is_empty(), failed) {
            return Err(error);
        }
        // Titles rank alternatives and name what is lost; a code that stays as it is needs none.
        let told: anyhow::Result<Vec<()>> = resolvers
            .par_iter()
            .filter_map(|r| Some((r, r.source()?)))
            .map(|(r, source)| {
                let shown = |c: Concept<'_>| shown.contains(c.code());
                let of_target =
                    |c: Concept<'_>| r.target().filter(|_| !c.assignable() && !shown(c))?.get(c.code());
                let known = |c: Concept<'_>, title: &str| of_target(c).is_some_and(|t| t.title() == title);
                holdings.tell_titles(source, |c| shown(c) || !r.keeps(c.code()), known)
            })
            .collect();
        told?;
        let editions: anyhow::Result<Vec<Arc<Edition>>> = ids
            .par_iter()
            .map(|id| {
                cache.edition(holdings, id, Need::Outline)?.with_context(|| format!("{id} is not held"))
            })
            .collect();
        let editions = editions?;
        let mid_year = holdings.mid_year(&editions)?;
        Ok(DatedResolver::new(Timeline::new(editions, mid_year), systems.to_vec(), resolvers))
    }

    /// What has to be read of an edition: its titles where they are told, or where successors are inferred from them.
    fn need(&self, told: bool) -> Need {
        if told || self.inferred { Need::Titles } else { Need::Outline }
    }

    fn resolver_over(
        &self,
        holdings: &Holdings<'_>,
        from: &EditionId,
        to: &EditionId,
        legs: &[Leg],
        decisions: Option<&[ConceptMap]>,
        (of_source, cache): (Need, &StepCache),
    ) -> anyhow::Result<Resolver> {
        let need = |id: &EditionId| {
            let source = *id == *from && of_source == Need::Titles;
            self.need(source || *id == *to)
        };
        let method = self.method.into();
        // Maps need no edition to be read, so that both can be read at once.
        let maps = || -> anyhow::Result<Vec<Option<Made>>> {
            let step = |leg: &Leg| match &leg.via {
                Via::Map { forward, backward } => {
                    let maps = (forward.as_ref(), backward.as_ref());
                    cache.step(leg, || map_step(holdings, maps, method, leg.to == *to)).map(Some)
                }
                Via::Annual { .. } => Ok(None),
            };
            legs.par_iter().map(step).collect()
        };
        let (loaded, maps) = rayon::join(|| Loaded::of(holdings, from, to, legs, &need, cache), maps);
        let (loaded, maps) = (loaded?, maps?);
        let volumes =
            self.volumes.as_ref().map(|path| cache.volumes(path, loaded.editions.get(to), to, holdings));
        let volumes = volumes.transpose()?;
        let options = Options {
            max_alternatives: self.max_alternatives,
            preferences: Preferences { volumes },
            foreign_limit: self.foreign_limit,
        };
        let made: anyhow::Result<Vec<Made>> = legs
            .par_iter()
            .zip(maps)
            .map(|(leg, map)| match (&leg.via, map) {
                (Via::Annual { forward, .. }, _) => {
                    cache.step(leg, || annual_step(holdings, leg, *forward, &loaded))
                }
                (_, map) => map.context("the route names no map for one of its steps"),
            })
            .collect();
        let made = made?;
        let inference = self.inferred.then(|| infer(&made, &loaded));
        let steps = made.into_iter().map(|(step, _)| step).collect();
        let edition = |id: &EditionId| loaded.editions.get(id).cloned();
        let others: Vec<Arc<Edition>> = loaded
            .editions
            .iter()
            .filter(|(id, _)| *id != from && *id != to)
            .map(|(_, edition)| Arc::clone(edition))
            .collect();
        let mut resolver =
            Resolver::new(from.clone(), to.clone(), steps, edition(from), edition(to), others, options)?;
        for foreign in resolver.foreign() {
            holdings.note(format!(
                "{} codes of the map {} are not in {} and are passed over: {}",
                foreign.codes.len(),
                foreign.map,
                foreign.edition,
                foreign
                    .codes
                    .iter()
                    .take(10)
                    .map(|c| c.display(foreign.edition.system))
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
        if let Some(inference) = inference {
            resolver = resolver.with_inference(inference);
        }
        let decided = decisions.unwrap_or_default().iter();
        if let Some(map) = decided.into_iter().find(|m| m.id.source == *from && m.id.target == *to) {
            resolver = resolver.with_decisions(map.clone());
        }
        Ok(resolver)
    }
}

/// A step with what it was made from.
type Made = (Arc<Step>, Option<Arc<AnnualStep>>);

/// Steps and editions that several routes share.
#[derive(Default)]
struct StepCache {
    steps: Mutex<Vec<(Leg, Made)>>,
    editions: Mutex<BTreeMap<(EditionId, bool), Arc<Edition>>>,
    volumes: Mutex<Option<Arc<BTreeMap<Code, u64>>>>,
}

impl StepCache {
    fn step(&self, leg: &Leg, make: impl FnOnce() -> anyhow::Result<Made>) -> anyhow::Result<Made> {
        let held =
            |steps: &Vec<(Leg, Made)>| steps.iter().find(|(l, _)| l == leg).map(|(_, made)| made.clone());
        if let Some(made) = self.steps.lock().ok().and_then(|steps| held(&steps)) {
            return Ok(made);
        }
        let made = make()?;
        if let Ok(mut steps) = self.steps.lock() {
            steps.push((leg.clone(), made.clone()));
        }
        Ok(made)
    }

    /// The user's counts, read once. Codes that the target edition does not have are told.
    fn volumes(
        &self,
        path: &std::path::Path,
        target: Option<&Arc<Edition>>,
        to: &EditionId,
        holdings: &Holdings<'_>,
    ) -> anyhow::Result<Arc<BTreeMap<Code, u64>>> {
        if let Some(read) = self.volumes.lock().ok().and_then(|held| held.clone()) {
            return Ok(read);
        }
        let read = Arc::new(read_volumes(path, to)?);
        let foreign: Vec<&Code> =
            target.map(|e| read.keys().filter(|c| e.get(c).is_none()).collect()).unwrap_or_default();
        if let (Some(first), Some(edition)) = (foreign.first(), target) {
            holdings.note(format!(
                "{}: {} of {} codes are not in {to}, for instance {}; their counts say nothing",
                path.display(),
                foreign.len(),
                read.len(),
                first.display(edition.id().system)
            ));
        }
        if let Ok(mut held) = self.volumes.lock() {
            *held = Some(Arc::clone(&read));
        }
        Ok(read)
    }

    fn edition(
        &self,
        holdings: &Holdings<'_>,
        id: &EditionId,
        need: Need,
    ) -> anyhow::Result<Option<Arc<Edition>>> {
        let key = (id.clone(), need == Need::Outline);
        // An edition with its titles will do where an outline would.
        let held = |held: &BTreeMap<(EditionId, bool), Arc<Edition>>| {
            held.get(&(id.clone(), false)).or_else(|| held.get(&key)).cloned()
        };
        if let Some(edition) = self.editions.lock().ok().and_then(|editions| held(&editions)) {
            return Ok(Some(edition));
        }
        let read = holdings.edition(id, need)?;
        if let (Some(edition), Ok(mut held)) = (&read, self.editions.lock()) {
            held.insert(key, Arc::clone(edition));
        }
        Ok(read)
    }
}

/// The editions of a route.
struct Loaded {
    editions: BTreeMap<EditionId, Arc<Edition>>,
}

impl Loaded {
    fn of(
        holdings: &Holdings<'_>,
        from: &EditionId,
        to: &EditionId,
        legs: &[Leg],
        need: &(dyn Fn(&EditionId) -> Need + Sync),
        cache: &StepCache,
    ) -> anyhow::Result<Self> {
        let mut ids: Vec<&EditionId> = vec![from, to];
        ids.extend(legs.iter().flat_map(|l| [&l.from, &l.to]));
        ids.sort();
        ids.dedup();
        let read: anyhow::Result<Vec<_>> = ids
            .par_iter()
            .map(|id| Ok(cache.edition(holdings, id, need(id))?.map(|edition| ((*id).clone(), edition))))
            .collect();
        Ok(Self { editions: read?.into_iter().flatten().collect() })
    }
}

/// The step of a leg that is a map; `to` is where the route ends.
fn map_step(
    holdings: &Holdings<'_>,
    (forward, backward): (Option<&MapId>, Option<&MapId>),
    method: Method,
    ends: bool,
) -> anyhow::Result<Made> {
    let read = |id: Option<&MapId>| id.map(|id| holdings.map(id)).transpose();
    let step = if let (Method::Gem, Some(forward)) = (method, forward) {
        // The other map only ranks, and only where its edition is the target.
        let back = || backward.filter(|_| ends).map(|id| holdings.map_pairs(id)).transpose();
        let step = || {
            let map = holdings.map(forward)?;
            anyhow::Ok((Step::of_map(&map), map))
        };
        let (step, back) = rayon::join(step, back);
        let (step, map) = step?;
        // To give back what a map took takes a while, and nobody has to wait for it.
        rayon::spawn(move || drop(map));
        match back? {
            Some(pairs) => step.with_way_back(pairs),
            None => step,
        }
    } else {
        let (forward, backward) = rayon::join(|| read(forward), || read(backward));
        let step = Step::of_maps(forward?.as_ref(), backward?.as_ref(), method);
        step.context("the route names no map for one of its steps")?
    };
    Ok((Arc::new(step), None))
}

/// The step of a leg from one release to the next.
fn annual_step(holdings: &Holdings<'_>, leg: &Leg, forward: bool, loaded: &Loaded) -> anyhow::Result<Made> {
    let (from, to) = if forward { (&leg.from, &leg.to) } else { (&leg.to, &leg.from) };
    let annual = match (loaded.editions.get(from), loaded.editions.get(to)) {
        (Some(a), Some(b)) => {
            let annual = holdings.annual_of(a, b)?;
            if !a.is_excerpt() {
                holdings.note_unresolved(&annual);
            }
            annual
        }
        _ => holdings.bundled_step(from, to)?,
    };
    Ok((Arc::new(Step::of_annual(&annual, forward)), Some(Arc::new(annual))))
}

fn infer(made: &[Made], loaded: &Loaded) -> Inference {
    let mut inference = Inference::default();
    for annual in made.iter().filter_map(|(step, annual)| annual.as_ref().filter(|_| step.forward_in_time)) {
        if let (Some(from), Some(to)) = (loaded.editions.get(&annual.from), loaded.editions.get(&annual.to)) {
            inference.add(annual, from, to);
        }
    }
    inference
}

/// Reads a table of counts: columns `code` and `n`.
pub(crate) fn read_volumes(path: &std::path::Path, of: &EditionId) -> anyhow::Result<BTreeMap<Code, u64>> {
    let table = List::read(path)?;
    let (code_at, n_at) = (table.column(&["code"])?, table.column(&["n", "count"])?);
    let mut volumes = BTreeMap::new();
    for row in table.rows() {
        let code = Code::parse(of.system, row.cell(code_at)).with_context(|| row.place(code_at))?;
        let n: u64 = row
            .cell(n_at)
            .parse()
            .with_context(|| format!("{}: `{}` is not a whole number", row.place(n_at), row.cell(n_at)))?;
        *volumes.entry(code).or_default() += n;
    }
    Ok(volumes)
}

/// Reads the decisions of a review, a map for each pair of editions.
fn read_decisions(path: &std::path::Path) -> anyhow::Result<Vec<ConceptMap>> {
    let found = xwalk_import::discover(&[path.to_owned()], None)?;
    let mut maps = Vec::new();
    for file in &found.maps {
        maps.extend(file.import()?.maps);
    }
    if maps.is_empty() {
        bail!("{} holds no decisions; expected SSSOM TSV as `xwalk review apply` writes it", path.display());
    }
    Ok(maps)
}

/// The editions that maps lead from and to, for people.
fn ends(maps: &[ConceptMap]) -> String {
    let ends: Vec<String> = maps.iter().map(|m| format!("{} to {}", m.id.source, m.id.target)).collect();
    ends.join(", ")
}
