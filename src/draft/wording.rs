//! A draft as the three texts helpdesks take. Links appear only in the list of
//! sources and only if they lead to the web.

use crate::draft::Citation;
use crate::draft::Draft;
use crate::draft::Layout;
use crate::draft::Sentence;
use crate::draft::joints;
use crate::helpdesk::Wording;
use crate::text::escape_html;
use crate::text::escape_markdown;

/// Sets a draft as plain text, Markdown and HTML that say the same.
pub fn wording(draft: &Draft) -> Wording {
    let blocks = set(draft);
    let sources = joints::joints(draft.language.as_deref()).sources;
    Wording {
        text: text(&blocks, &draft.citations, sources),
        markdown: markdown(&blocks, &draft.citations, sources),
        html: html(&blocks, &draft.citations, sources),
    }
}

/// The address if it leads to the web; no other scheme ever leaves us.
fn web_link(url: Option<&str>) -> Option<&str> {
    let url = url?;
    let lower = url.to_ascii_lowercase();
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    let clean = !url
        .chars()
        .any(|it| it.is_whitespace() || it.is_control() || matches!(it, '"' | '<' | '>'));
    (web && clean).then_some(url)
}

/// One paragraph or list of the reply.
enum Set {
    Paragraph(String),
    Steps(Vec<(String, Vec<String>)>),
    Bullets(Vec<String>),
}

fn set(draft: &Draft) -> Vec<Set> {
    let mut sets: Vec<Set> = Vec::new();
    for (idx, sentence) in draft.sentences.iter().enumerate() {
        let following = draft.sentences.get(idx + 1);
        let words = with_marks(sentence, following);
        match (sentence.layout, sets.last_mut()) {
            (Layout::Running, Some(Set::Paragraph(paragraph))) => {
                paragraph.push(' ');
                paragraph.push_str(&words);
            }
            (Layout::Paragraph | Layout::Running, _) => sets.push(Set::Paragraph(words)),
            (Layout::Step, Some(Set::Steps(steps))) => steps.push((words, Vec::new())),
            (Layout::Step, _) => sets.push(Set::Steps(vec![(words, Vec::new())])),
            (Layout::Bullet, Some(Set::Steps(steps))) => {
                if let Some((_, below)) = steps.last_mut() {
                    below.push(words);
                }
            }
            (Layout::Bullet, Some(Set::Bullets(bullets))) => bullets.push(words),
            (Layout::Bullet, _) => sets.push(Set::Bullets(vec![words])),
        }
    }
    sets
}

/// The sentence with its citation marks, which stand once at the end of a run
/// of sentences that rest on the same passages.
fn with_marks(sentence: &Sentence, following: Option<&Sentence>) -> String {
    let goes_on = following.is_some_and(|it| it.cites == sentence.cites);
    if goes_on || sentence.cites.is_empty() {
        return sentence.text.clone();
    }
    let marks: String = sentence.cites.iter().map(|it| format!("[{}]", it + 1)).collect();
    format!("{} {marks}", sentence.text)
}

fn text(sets: &[Set], citations: &[Citation], sources: &str) -> String {
    let mut parts: Vec<String> = sets
        .iter()
        .map(|set| match set {
            Set::Paragraph(words) => words.clone(),
            Set::Bullets(items) => listed(items, |_, it| format!("- {it}")),
            Set::Steps(steps) => listed(steps, |idx, (step, below)| {
                let below: String = below.iter().map(|it| format!("\n   - {it}")).collect();
                format!("{}. {step}{below}", idx + 1)
            }),
        })
        .collect();
    if !citations.is_empty() {
        let lines = listed(citations, |idx, it| match web_link(it.url.as_deref()) {
            Some(url) => format!("[{}] {}: {url}", idx + 1, it.title),
            None => format!("[{}] {}", idx + 1, it.title),
        });
        parts.push(format!("{sources}:\n{lines}"));
    }
    parts.join("\n\n")
}

fn listed<T>(items: &[T], line: impl Fn(usize, &T) -> String) -> String {
    let lines: Vec<String> = items.iter().enumerate().map(|(idx, it)| line(idx, it)).collect();
    lines.join("\n")
}

fn markdown(sets: &[Set], citations: &[Citation], sources: &str) -> String {
    let mut parts: Vec<String> = sets
        .iter()
        .map(|set| match set {
            Set::Paragraph(words) => escape_markdown(words),
            Set::Bullets(items) => listed(items, |_, it| format!("- {}", escape_markdown(it))),
            Set::Steps(steps) => listed(steps, |idx, (step, below)| {
                let below: String =
                    below.iter().map(|it| format!("\n   - {}", escape_markdown(it))).collect();
                format!("{}. {}{below}", idx + 1, escape_markdown(step))
            }),
        })
        .collect();
    if !citations.is_empty() {
        let lines = listed(citations, |idx, it| {
            let title = escape_markdown(&it.title);
            match web_link(it.url.as_deref()) {
                Some(url) => format!("\\[{}\\] [{title}](<{url}>)  ", idx + 1),
                None => format!("\\[{}\\] {title}  ", idx + 1),
            }
        });
        parts.push(format!("**{sources}**\n\n{lines}"));
    }
    parts.join("\n\n")
}

fn html(sets: &[Set], citations: &[Citation], sources: &str) -> String {
    let item = |it: &str| format!("<li>{}</li>", escape_html(it));
    let mut html = String::new();
    for set in sets {
        html.push_str(&match set {
            Set::Paragraph(words) => format!("<p>{}</p>", escape_html(words)),
            Set::Bullets(items) => {
                format!("<ul>{}</ul>", items.iter().map(|it| item(it)).collect::<String>())
            }
            Set::Steps(steps) => {
                let steps = steps.iter().map(|(step, below)| {
                    let below: String = below.iter().map(|it| item(it)).collect();
                    let below = if below.is_empty() { below } else { format!("<ul>{below}</ul>") };
                    format!("<li>{}{below}</li>", escape_html(step))
                });
                format!("<ol>{}</ol>", steps.collect::<String>())
            }
        });
    }
    if !citations.is_empty() {
        html.push_str(&format!("<p>{}:", escape_html(sources)));
        for (idx, citation) in citations.iter().enumerate() {
            let title = escape_html(&citation.title);
            html.push_str(&match web_link(citation.url.as_deref()) {
                Some(url) => {
                    format!("<br>[{}] <a href=\"{}\">{title}</a>", idx + 1, escape_html(url))
                }
                None => format!("<br>[{}] {title}", idx + 1),
            });
        }
        html.push_str("</p>");
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::SentenceKind;
    use crate::draft::Writer;

    fn sentence(text: &str, layout: Layout, cites: &[usize]) -> Sentence {
        let kind = if cites.is_empty() { SentenceKind::Joint } else { SentenceKind::Quote };
        Sentence { text: text.to_owned(), cites: cites.to_vec(), kind, layout }
    }

    fn draft(url: &str) -> Draft {
        Draft {
            sentences: vec![
                sentence("Hello,", Layout::Paragraph, &[]),
                sentence("Do <b>this</b>:", Layout::Paragraph, &[0]),
                sentence("Open *it*.", Layout::Step, &[0]),
                sentence("At the top", Layout::Bullet, &[0]),
                sentence("Close it.", Layout::Step, &[0]),
                sentence("Bye.", Layout::Paragraph, &[]),
            ],
            citations: vec![Citation {
                passage_id: "p".to_owned(),
                title: "How <to>".to_owned(),
                url: Some(url.to_owned()),
            }],
            written_by: Writer::Extractive,
            asks_back: false,
            language: Some("en".to_owned()),
        }
    }

    #[test]
    fn the_three_forms_say_the_same() {
        let wording = wording(&draft("https://a.example/x#y"));
        expect_test::expect![[r#"
            Hello,

            Do <b>this</b>:

            1. Open *it*.
               - At the top
            2. Close it. [1]

            Bye.

            Sources:
            [1] How <to>: https://a.example/x#y"#]]
        .assert_eq(&wording.text);
        expect_test::expect![[r#"
            Hello,

            Do \<b\>this\</b\>:

            1. Open \*it\*.
               - At the top
            2. Close it. \[1\]

            Bye.

            **Sources**

            \[1\] [How \<to\>](<https://a.example/x#y>)  "#]]
        .assert_eq(&wording.markdown);
        expect_test::expect![[r#"<p>Hello,</p><p>Do &lt;b&gt;this&lt;/b&gt;:</p><ol><li>Open *it*.<ul><li>At the top</li></ul></li><li>Close it. [1]</li></ol><p>Bye.</p><p>Sources:<br>[1] <a href="https://a.example/x#y">How &lt;to&gt;</a></p>"#]]
        .assert_eq(&wording.html);
    }

    #[test]
    fn a_link_that_does_not_lead_to_the_web_is_not_one() {
        for url in [
            "javascript:alert(1)",
            "data:text/html,x",
            "/local/path",
            "https://a b",
            "https://a\"onclick",
        ] {
            let wording = wording(&draft(url));
            assert!(!wording.html.contains("href"), "{url}");
            assert!(!wording.markdown.contains("](<"), "{url}");
        }
    }
}
