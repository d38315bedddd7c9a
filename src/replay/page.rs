//! The report as one HTML page that needs nothing else: no script, no font, no network.
//! Every text of a ticket is escaped by the template.

use minijinja::AutoEscape;
use minijinja::Environment;
use minijinja::UndefinedBehavior;
use minijinja::value::Serde;
use serde::Serialize;

use super::months::forecast;
use super::report::Report;
use super::shares::Share;

const TEMPLATE: &str = include_str!("page.html");

/// The inside of a chart, in its own units; two narrow ones stand side by side.
const WIDTH: f64 = 640.0;
const NARROW: f64 = 310.0;
const HEIGHT: f64 = 220.0;

/// What the template is given.
#[derive(Serialize)]
struct Shown<'a> {
    report: &'a Report,
    /// When it was made, as words.
    made: &'a str,
    columns: Vec<Column>,
    /// Where the forecasts of the months lie, `x,y` each.
    forecasts: Vec<(f64, f64)>,
    /// The next month's rate of sending, if there is enough to tell.
    next: Option<f64>,
    /// Points of the curve of risk over coverage, as SVG has them, and its highest risk.
    curve: String,
    curve_top: f64,
    dots: Vec<Dot>,
    width: f64,
    narrow: f64,
    height: f64,
}

/// A month's column: from the foot up what is sent, suggested, and the rest.
#[derive(Serialize)]
struct Column {
    month: String,
    n: usize,
    x: f64,
    width: f64,
    sent: f64,
    suggested: f64,
}

/// A bin of the calibration.
#[derive(Serialize)]
struct Dot {
    x: f64,
    y: f64,
    /// Of the interval.
    low: f64,
    high: f64,
    n: usize,
}

/// # Errors
/// If the template, which is our own, is at fault.
pub fn page(report: &Report, made: &str) -> Result<String, minijinja::Error> {
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.add_filter("percent", |share: Option<f64>| match share {
        Some(share) => format!("{:.1} %", 100.0 * share),
        None => "–".to_owned(),
    });
    templates.add_filter("spaced", |word: String| word.replace('_', " "));
    templates.add_template("page.html", TEMPLATE)?;
    let columns = columns(report);
    let forecasts = report.months.iter().zip(&columns).filter_map(|(month, column)| {
        Some((column.x + column.width / 2.0, HEIGHT * (1.0 - month.forecast?)))
    });
    let curve_top = report.curve.iter().map(|it| it.risk).fold(0.05, f64::max);
    let points = report.curve.iter().map(|it| {
        format!("{:.1},{:.1}", it.coverage * NARROW, HEIGHT * (1.0 - it.risk / curve_top))
    });
    let shown = Shown {
        report,
        made,
        forecasts: forecasts.collect(),
        next: forecast(&report.months),
        curve: points.collect::<Vec<_>>().join(" "),
        curve_top,
        dots: dots(report),
        columns,
        width: WIDTH,
        narrow: NARROW,
        height: HEIGHT,
    };
    templates.get_template("page.html")?.render(Serde(&shown))
}

fn columns(report: &Report) -> Vec<Column> {
    let step = WIDTH / report.months.len().max(1) as f64;
    let height = |share: Share| share.value().unwrap_or(0.0) * HEIGHT;
    let column = |(idx, it): (usize, &super::Month)| Column {
        month: it.month.clone(),
        n: it.n,
        x: idx as f64 * step + step * 0.1,
        width: step * 0.8,
        sent: height(it.would_send),
        suggested: height(it.would_suggest),
    };
    report.months.iter().enumerate().map(column).collect()
}

fn dots(report: &Report) -> Vec<Dot> {
    let dots = report.bins.iter().filter_map(|it| {
        let share = it.same_article.value()?;
        let interval = it.same_article.interval();
        let y = |share: f64| HEIGHT * (1.0 - share);
        let (low, high) = (y(interval.0), y(interval.1));
        Some(Dot { x: it.mean_confidence * NARROW, y: y(share), low, high, n: it.same_article.of })
    });
    dots.collect()
}
