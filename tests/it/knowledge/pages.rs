//! Pages in the shapes help centers keep them: what comes out has a title, whole
//! steps and right anchors, and nothing of the markup. `DESKHAND_PAGES` names a
//! folder whose pages are held to the same.

use std::path::Path;

use deskhand::ingest::Plan;
use deskhand::ingest::Summary;
use deskhand::knowledge::Document;
use deskhand::knowledge::Passage;
use deskhand::knowledge::Pool;
use deskhand::knowledge::Scope;
use deskhand::store::knowledge;
use deskhand::text::markdown::BlockKind;
use deskhand::text::markdown::sections;
use regex::Regex;

use super::Shelf;

/// A page as a wiki renders it: a table of contents, texts for one system each.
const WIKI: &str = r##"<!doctype html><html lang="en-US"><head><title>Scan a page | Acme</title>
<link rel="canonical" href="https://help.example/scan"></head><body><h1>Scan a page</h1>
<div id="toc"><h2>Table of Contents</h2><ul><li><a href="#w_start"><span>1</span> <span>Start</span></a></li>
<li><a href="#w_trouble"><span>2</span> <span>Trouble</span></a></li></ul></div>
<p>The scanner needs power &amp; paper.</p>
<h1 id="w_start">Start</h1><ol><li> Open the <span class="menu"><span data-for="win">Tools</span><span
data-for="mac,linux">Edit</span></span> menu. <img alt="menu" src="m.png"></li><li>Choose <b>Scan</b>.
<dl><dt><div class="note"><b>Note:</b> It takes a minute.</div></dt></dl></li></ol>
<h1 id="w_trouble">Trouble</h1><table><tr><td><b>Light</b></td><td><b>Means</b></td></tr>
<tr><td>Red</td><td>No paper<br>left</td></tr></table><script>track()</script></body></html>"##;

/// A page as a repository of articles keeps it: attribute lists, alerts, anchors.
const REPOSITORY: &str = "---\ntitle: \"Reset the scanner\"\nid: 42\n---\n\nWhat to do. In this article:\n\n\
    * [Before](#before)\n* [Reset it](#how)\n\n---\n\n## Before {#before}\n\n> [!NOTE]\n> Save your work.\n\n\
    <a id=\"how\"></a>\n\n## Reset it\n\n1. Hold <kbd>Reset</kbd>.\n\n   ![The button](img/b.png)\n\n\
    1. Wait:\n\n   ```\n   status {{ok}}\n   ```\n\n1. Read on in [the guide](https://x.example){.link-out}.\n\n\
    [Back to top](#top)\n\n<p style=\"display:none\">Tags: hidden</p>\n";

/// A page as a site generator takes it: template tags, elements of its own.
const GENERATOR: &str = "---\nlayout: page\ntitle: Sender&#58; fields\nseo:\n  keywords: x\nnavigation:\n  show: true\n---\n\n\
    import Box from '@site/box'\n\n<call-out type=\"warning\">\nSet `MAIL_FROM` first.\n</call-out>\n\n\
    See [limits]({{root_url}}/limits/){% if x %} now{% endif %}.\n\n## Fields<a name=\"f\"></a>\n\n\
    1. **{{sender_name}}** - The name.\n\n<table><tr><th>Code</th><th>Text</th></tr><tr><td>450</td>\
    <td>`try [later]`</td></tr></table>\n\n![]({{root_url}}/a.png)\n";

#[tokio::test]
async fn pages_of_three_shapes_are_read_as_their_readers_see_them() {
    let shelf = Shelf::new();
    shelf.write("wiki.html", WIKI);
    shelf.write("repository.md", REPOSITORY);
    shelf.write("generator.md", GENERATOR);
    let summary = shelf.ingest_docs().await;
    assert_sound(&shelf, &summary);
    let shown = |id: &str| shown(&passages(&shelf, id));
    let wiki = "Scan a page @\nThe scanner needs power & paper.\n\
                Scan a page > Start @w_start\n1. Open the Tools (Windows) / Edit (macOS, Linux) menu.\n\
                2. Choose Scan. Note: It takes a minute.\n\
                Scan a page > Trouble @w_trouble\n- Light: Red; Means: No paper left\n";
    assert_eq!(shown("wiki"), wiki);
    let repository = "Reset the scanner @\nWhat to do.\nReset the scanner > Before @before\nSave your work.\n\
                      Reset the scanner > Reset it @how\n1. Hold Reset.\n2. Wait:\n  status {{ok}}\n\
                      3. Read on in the guide.\n";
    assert_eq!(shown("repository"), repository);
    let generator = "Sender: fields @\nSet MAIL_FROM first.\n\nSee limits now.\n\
                     Sender: fields > Fields @f\n1. {{sender_name}} - The name.\n\n- Code: 450; Text: try [later]\n";
    assert_eq!(shown("generator"), generator);
}

#[test]
fn a_left_over_is_told_from_what_a_page_is_about() {
    let found = |body: &str| left_overs(&super::article("a", "A", body)).len();
    for clean in
        ["Type `{{x}}` and `<b>`.", "```\n---\n{% x %}\n```", r"A \<port> and R&amp;D.", "{name}"]
    {
        assert_eq!(found(clean), 0, "{clean}");
    }
    for left in [
        "A {{x}}.",
        "{% if x %}",
        "See it{.out}",
        "## Table of contents\n\nx",
        "# A\n\n:::",
        "R&amp;amp;D",
    ] {
        assert_eq!(found(left), 1, "{left}");
    }
}

#[tokio::test]
async fn pages_of_a_named_folder_are_whole_and_without_left_overs() {
    let Some(folder) = std::env::var_os("DESKHAND_PAGES") else { return };
    let shelf = Shelf::new();
    let summary = shelf.ingest(Path::new(&folder), &Plan::default()).await;
    assert_sound(&shelf, &summary);
}

fn passages(shelf: &Shelf, id: &str) -> Vec<Passage> {
    let scope = Scope { staff: true, ..Scope::public("default") };
    let hits = shelf.index.passages_of(Pool::Article, &scope, &[id.to_owned()], 10_000).unwrap();
    hits.into_iter().map(|it| it.passage).collect()
}

fn shown(passages: &[Passage]) -> String {
    let mut shown = String::new();
    for passage in passages {
        let place = [vec![passage.title.clone()], passage.headings.clone()].concat().join(" > ");
        let anchor = passage.anchor.as_deref().unwrap_or_default();
        shown.push_str(&format!("{place} @{anchor}\n{}\n", passage.text));
    }
    shown
}

/// Every page was parsed, has a title and a passage, and no left-overs.
fn assert_sound(shelf: &Shelf, summary: &Summary) {
    assert!(summary.failed.is_empty() && 0 < summary.added, "{summary:?}");
    let changes = shelf.store.read_now(|it| knowledge::changes_since(it, 0, 1_000_000)).unwrap();
    let mut faults = Vec::new();
    for document in changes.into_iter().filter_map(|it| it.document) {
        let passages = passages(shelf, &document.id);
        let blank = document.title.trim().is_empty()
            || passages.is_empty()
            || passages.iter().any(|it| it.text.trim().is_empty());
        faults.extend(blank.then(|| format!("{}: no title or no text", document.id)));
        let found = left_overs(&document);
        faults.extend(found.into_iter().map(|it| format!("{}: {it}", document.id)));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// What no reader is to see: markup, template tags, settings, navigation.
const LEFT_OVERS: &str = concat!(
    r"\{\{.*?\}\}|\{%.*?%\}|\{[.:][a-z][^}\n]*\}|\{#[\w-]+\}",
    r"|!\[|\[[^\]\n]*\]\([^)\n]*\)|\[\[|```|<!--|-->|</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>\n]*)?/?>",
    r"|&(?:amp|lt|gt|nbsp|quot|#\d+);|(?m:^:::|^---$|^(?:import|export) .* from |^(?:layout|weight|seo):)",
    r"|(?i:^(?:table of contents|in this article:?|back to top)$)",
);

/// The left-overs in an article's headings and blocks. Code is left alone, and
/// so is what the page itself writes as code or escapes.
fn left_overs(document: &Document) -> Vec<String> {
    let marks = Regex::new(LEFT_OVERS).unwrap();
    let meant = Regex::new(r"(?s)```.*?```|``.*?``|`[^`]*`|\\.|&\w+;").unwrap();
    let body = &document.body;
    let bare = meant.replace_all(body, "\u{1a}");
    let code: String = meant.find_iter(body).map(|it| it.as_str()).collect();
    let twice = Regex::new(r"&amp;(?:amp|lt|gt|nbsp|quot|#\d+);").unwrap().is_match(body);
    let is_meant = |it: &str| {
        let escaped = ["\\<", "&lt;"].map(|mark| it.replacen('<', mark, 1));
        let escaped = escaped.iter().map(|it| it.trim_end_matches('>'));
        code.contains(it) || escaped.filter(|text| *text != it).any(|it| body.contains(it))
    };
    let mut found = Vec::new();
    for section in sections(body) {
        let blocks = section.blocks.into_iter().filter(|it| it.kind != BlockKind::Code);
        for text in blocks.map(|it| it.text).chain(section.headings) {
            let hits = marks.find_iter(&text).map(|it| it.as_str());
            let left = hits.filter(|it| twice || bare.contains(it) && !is_meant(it));
            found.extend(left.map(|it| format!("{it:?} in {text:?}")));
        }
    }
    found.extend(marks.find(&document.title).map(|it| format!("{:?} in the title", it.as_str())));
    found.sort();
    found.dedup();
    found
}
