//! Cost by size of the corpus, as a plot that needs nothing else: both axes by
//! powers of ten, readable on light and on dark ground.

/// One line of the plot.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    /// Passages, median and 99th percentile in milliseconds; ascending.
    pub(crate) points: Vec<(f64, f64, f64)>,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 540.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 380.0;

/// Between the names of two lines, so that none covers another.
const NAME_HEIGHT: f64 = 18.0;

/// Told apart by people who do not see all colours (Okabe and Ito), on both grounds.
const COLORS: [&str; 6] = ["#0072b2", "#56b4e9", "#009e73", "#8a9a00", "#d55e00", "#cc79a7"];

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#424a53}\
    .grid{stroke:#8c959f;stroke-opacity:.3}\
    path{fill:none;stroke-width:2}.p99{stroke-dasharray:4 4;stroke-width:1.5}\
    @media(prefers-color-scheme:dark){text{fill:#c9d1d9}}";

/// Where values lie on an axis.
struct Axis {
    from: f64,
    to: f64,
    begins: f64,
    ends: f64,
}

impl Axis {
    fn place(&self, value: f64) -> f64 {
        let share = (value / self.from).ln() / (self.to / self.from).ln();
        self.begins + share * (self.ends - self.begins)
    }
}

/// The plot as a document of its own. Nothing is drawn of an empty series.
pub(crate) fn svg(series: &[Series]) -> String {
    let points = || series.iter().flat_map(|it| &it.points);
    let sizes = || points().map(|it| it.0);
    let least = points().map(|it| it.1).fold(f64::INFINITY, f64::min);
    let most = points().map(|it| it.2).fold(0.0, f64::max);
    let across = Axis {
        from: sizes().fold(f64::INFINITY, f64::min),
        to: sizes().fold(0.0, f64::max),
        begins: LEFT,
        ends: RIGHT,
    };
    let up = Axis {
        from: 10_f64.powf(least.log10().floor()),
        to: 10_f64.powf(most.log10().ceil()),
        begins: BOTTOM,
        ends: TOP,
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
         <title>Milliseconds a question by number of passages</title>\n<style>{STYLE}</style>\n"
    );
    grid(&mut svg, &across, &up, series);
    lines(&mut svg, &across, &up, series);
    svg.push_str("</svg>\n");
    svg
}

fn grid(svg: &mut String, across: &Axis, up: &Axis, series: &[Series]) {
    let mut line = |x1: f64, y1: f64, x2: f64, y2: f64| {
        svg.push_str(&format!(
            "<line class=\"grid\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>\n"
        ));
    };
    let mut texts = Vec::new();
    let mut value = up.from;
    while value <= up.to * 1.001 {
        let y = up.place(value);
        line(LEFT, y, RIGHT, y);
        texts.push((LEFT - 8.0, y + 4.0, "end", format!("{value}")));
        value *= 10.0;
    }
    let mut sizes: Vec<f64> = series.iter().flat_map(|it| &it.points).map(|it| it.0).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    for size in sizes {
        let x = across.place(size);
        line(x, TOP, x, BOTTOM);
        texts.push((x, BOTTOM + 20.0, "middle", format!("{} k", size / 1000.0)));
    }
    texts.push((LEFT - 8.0, TOP - 18.0, "start", "ms a question".to_owned()));
    let below = "passages of articles; with Deskhand as many past tickets".to_owned();
    texts.push(((LEFT + RIGHT) / 2.0, BOTTOM + 44.0, "middle", below));
    for (x, y, anchor, text) in texts {
        svg.push_str(&format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>\n"
        ));
    }
}

fn lines(svg: &mut String, across: &Axis, up: &Axis, series: &[Series]) {
    let mut names = Vec::new();
    for (Series { name, points }, color) in series.iter().zip(COLORS) {
        let path = |value: fn(&(f64, f64, f64)) -> f64| -> String {
            let places = points.iter().enumerate().map(|(idx, it)| {
                let step = if idx == 0 { 'M' } else { 'L' };
                format!("{step}{:.1} {:.1}", across.place(it.0), up.place(value(it)))
            });
            places.collect()
        };
        let (median, p99) = (path(|it| it.1), path(|it| it.2));
        svg.push_str(&format!("<path stroke=\"{color}\" d=\"{median}\"/>\n"));
        svg.push_str(&format!("<path class=\"p99\" stroke=\"{color}\" d=\"{p99}\"/>\n"));
        if let Some(last) = points.last() {
            names.push((up.place(last.1), *name, color));
        }
    }
    names.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut free = TOP;
    for (y, name, color) in names {
        let y = (y + 4.0).max(free);
        free = y + NAME_HEIGHT;
        svg.push_str(&format!("<text x=\"{:.1}\" y=\"{y:.1}\">", RIGHT + 10.0));
        svg.push_str(&format!("<tspan fill=\"{color}\">● </tspan>{name}</text>\n"));
    }
    let note = "solid: median, dashed: 99th percentile";
    let (x, y) = (RIGHT, TOP - 18.0);
    svg.push_str(&format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{note}</text>\n"));
}
