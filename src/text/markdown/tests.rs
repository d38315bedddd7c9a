//! What sections, front matter and template stripping promise.

use expect_test::expect;
use proptest::prelude::*;

use super::*;

fn shown(markdown: &str) -> String {
    let mut shown = String::new();
    for section in sections(markdown) {
        let anchor = section.anchor.unwrap_or_default();
        shown.push_str(&format!("[{}] #{anchor}\n", section.headings.join(" > ")));
        for block in section.blocks {
            shown.push_str(&block.render());
            shown.push('\n');
        }
    }
    shown
}

#[test]
fn an_article_is_cut_along_its_headings() {
    let markdown = r#"Intro with a [link](/x) and ![a picture](y.png).

# Setup
Text `code` &amp; *more*
on two lines.

## Step by step{#steps}
1. Open **it**.

   Wait a moment.
2. Choose:
   - [ ] this
   - [x] ~~that~~ other
3. Done.

## Step by step
| Plan | Price |
| --- | --- |
| Free | 0 € |
| Pro  |     |

```sh
rm {{name}}
```

> [!NOTE]
> Be careful.

# Überblick & mehr
End.[^1]

[^1]: A note.
"#;
    expect![[r#"
        [] #
        Intro with a link and .
        [Setup] #setup
        Text code & more on two lines.
        [Setup > Step by step] #steps
        1. Open it. Wait a moment.
        2. Choose:
          - this
          - other
        3. Done.
        [Setup > Step by step] #step-by-step
        - Plan: Free; Price: 0 €
        - Plan: Pro
        rm {{name}}
        Be careful.
        [Überblick & mehr] #überblick--mehr
        End.
        A note.
    "#]]
    .assert_eq(&shown(markdown));
}

#[test]
fn a_heading_that_comes_twice_gets_a_number() {
    let anchors: Vec<_> =
        sections("# A\nx\n# A\ny\n# A\nz").into_iter().filter_map(|it| it.anchor).collect();
    assert_eq!(anchors, ["a", "a-1", "a-2"]);
}

#[test]
fn html_in_markdown_is_read_as_a_browser_shows_it() {
    let markdown = "<h2 id=\"top\">Plans</h2>\n\n<div style=\"display:none\">\n\nSECRET **md**\n\n\
                    </div>\n\n<call-out type=\"x\">\n\nVisible.\n\n</call-out>\n\nA<br>B \
                    <span hidden>SECRET</span>C <!-- SECRET -->\n\n<table><tr><th>Plan</th>\
                    <th>Days</th></tr><tr><td>Free</td><td>5</td></tr></table>\n";
    expect![[r#"
        [Plans] #top
        Visible.
        A
        B C
        - Plan: Free; Days: 5
    "#]]
    .assert_eq(&shown(markdown));
}

#[test]
fn templates_and_components_are_left_out_and_code_stays() {
    let markdown = "import Tabs from '@site/tabs'\nexport const x = 1\n\n<Tabs items={['a', 'b']}>\n\n\
                    Go to [x]({{root_url}}/a){% if x %} now{% endif %}.\n{% comment %}SECRET\n\
                    {% endcomment %}\n{{< youtube id >}}\n{/* SECRET */}\nUse `{{name}}` here.\n\n\
                    </Tabs>\n\n```jsx\nimport a from 'b'\n<Tabs/>{{x}}\n```\n\n## Title {#anchor}\n\nEnd.\n";
    let stripped = strip_templates(markdown);
    expect![[r#"
        [] #
        Go to x now.
        Use {{name}} here.
        import a from 'b'
        <Tabs/>{{x}}
        [Title] #anchor
        End.
    "#]]
    .assert_eq(&shown(&stripped));
}

#[test]
fn what_templates_are_told_to_show_is_kept() {
    let markdown = "{% include alert.html type=\"warning\" content=\"Unplug it first.\" %}\n\n\
                    {{< callout text='Keep the receipt.' icon=\"a/b.png\" >}}\n\n\
                    <Tabs>\n<TabItem value=\"mac\" label=\"On a Mac\">\n\nPress Command.\n\n</TabItem>\n</Tabs>\n\n\
                    <Note title={props.title}>Careful.</Note>\n\n{{ 'x' | t }}{% include_relative a.md %}\n";
    expect![[r#"
        [] #
        Unplug it first.
        Keep the receipt.
        On a Mac
        Press Command.
        Careful.
    "#]]
    .assert_eq(&shown(&strip_templates(markdown)));
}

#[test]
fn what_leads_about_the_page_is_left_out() {
    let markdown = "Learn how refunds work. In this article:\n\n* [By card](#card)\n* [By check](#check)\n\n\
                    ## By card{#card}\n\nFive days.\n\n[Back to top](#top)\n\n\
                    ## Check\n\nDo this in order:\n\n1. [Find it](#find)\n2. [Send it](#send)\n\n\
                    If you see one of these, act:\n\n- [Torn](#torn)\n- [Wet](#wet)\n\n\
                    See [how](#find) to find it.\n\n## Table of Contents\n\n1. [Find it](#find)\n\nStill the check.\n";
    expect![[r#"
        [] #
        Learn how refunds work.
        [By card] #card
        Five days.
        [Check] #check
        Do this in order:
        1. Find it
        2. Send it
        If you see one of these, act:
        - Torn
        - Wet
        See how to find it.
        [] #
        Still the check.
    "#]]
    .assert_eq(&shown(markdown));
}

#[test]
fn an_empty_link_before_a_heading_is_its_anchor() {
    let markdown = "<a id=\"cash\"></a>\n\n## Cash\n\nOne.\n\n<a id=\"far\"></a>\n\nTwo.\n\n\
                    ## Cards<a name=\"cards\"></a>\n\nThree.\n\n## Checks\n\nFour.\n";
    let anchors: Vec<_> = sections(markdown).into_iter().filter_map(|it| it.anchor).collect();
    assert_eq!(anchors, ["cash", "cards", "checks"]);
}

#[test]
fn code_and_links_written_within_html_are_read() {
    let markdown = "<note>\nSet `max_size` as [told](/x) in <code>a`b[c]</code>.\n</note>\n\n\
                    <table><tr><th>Event</th><th>Body</th></tr><tr><td>Sent</td>\n<td>\n```json\n\
                    { \"from\": \"<id@x>\" }\n```\n</td></tr></table>\n\n<div>\n```\nrun <x>\n```\n</div>\n";
    expect![[r#"
        [] #
        Set max_size as told in a`b[c].
        - Event: Sent; Body: { "from": "<id@x>" }
        run <x>
    "#]]
    .assert_eq(&shown(markdown));
}

#[test]
fn marks_for_the_generator_are_left_out() {
    let markdown = "[TOC]\n\n* TOC\n{:toc}\n\n## Pay {: .wide #pay }\n\nSee [it](/a){.link-out} \
                    and [that](/b){:target=\"_blank\"}.\n{: .small }\n\n::: tip Before you pay\nCheck {name} \
                    and {.5}.\n:::\n\nType `{.class}`.\n";
    expect![[r#"
        [Pay] #pay
        See it and that.
        Before you pay
        Check {name} and {.5}.
        Type {.class}.
    "#]]
    .assert_eq(&shown(&strip_templates(markdown)));
}

#[test]
fn an_export_loses_attribute_lists_and_keeps_what_is_meant_to_be_read() {
    let markdown = "## Ports {#ports}\n\n[Change it](/x){.link-right} and {{event name}}, `{.a}`.\n\
                    import it from 'x'\n```\n{.b}\n```\n";
    let stripped = "## Ports {#ports}\n\n[Change it](/x) and {{event name}}, `{.a}`.\n\
                    import it from 'x'\n```\n{.b}\n```\n";
    assert_eq!(strip_attributes(markdown), stripped);
}

#[test]
fn a_template_that_is_explained_is_shown() {
    let markdown = "1. **{{sender_name}}** - The name.\n2. *{{ sender.city }}*: The city.\n\n\
                    Write to **{{site.mail}}** now.\n";
    expect![[r#"
        [] #
        1. {{sender_name}} - The name.
        2. {{ sender.city }}: The city.
        Write to now.
    "#]]
    .assert_eq(&shown(&strip_templates(markdown)));
}

#[test]
fn entities_in_a_title_are_read() {
    let read = |title: &str| front_matter(&format!("---\ntitle: {title}\n---\n")).unwrap().0.title;
    assert_eq!(read("\"Q&#58; R&amp;D, <id> lost\"").unwrap(), "Q: R&D, <id> lost");
    assert_eq!(read("Me & you").unwrap(), "Me & you");
}

#[test]
fn what_is_not_published_or_not_for_everyone_is_told_however_it_is_spelt() {
    let read = |settings: &str| front_matter(&format!("---\n{settings}\n---\nx")).unwrap().0;
    for draft in
        ["draft: true", "draft: yes", "published: false", "published: \"no\"", "status: Draft"]
    {
        assert!(read(draft).draft, "{draft}");
    }
    for internal in ["internal: true", "private: yes", "public: false", "audience: [internal]"] {
        assert_eq!(read(internal).audiences, ["internal"], "{internal}");
    }
    assert_eq!(read("audience: [pro, team]").audiences, ["pro", "team"]);
    for lost in ["audience: {a: internal}", "audience: true", "audience: 5"] {
        assert_eq!(read(lost).audiences, ["internal"], "{lost}");
    }
    assert!(read("audience:").audiences.is_empty());
    let page = read("draft: false\npublished: true\nstatus: live");
    assert!(!page.draft && page.audiences.is_empty());
}

#[test]
fn front_matter_is_read_in_yaml_and_toml() {
    let yaml = "---\ntitle: \"Refunds: how\"\nseo:\n description: When\nlocale: en-US\nupdated: 2024-05-01\n\
                internal: true\ntags: [a, b]\nid: 42\n---\nBody";
    let (found, body) = front_matter(yaml).unwrap();
    assert_eq!(body, "Body");
    assert_eq!(found.title.as_deref(), Some("Refunds: how"));
    assert_eq!(found.summary.as_deref(), Some("When"));
    assert_eq!(found.language.as_deref(), Some("en-US"));
    assert_eq!(found.audiences, ["internal"]);
    assert_eq!(found.tags, ["a", "b"]);
    assert_eq!(found.updated_at, parse_date("2024-05-01T00:00:00Z"));
    let toml = "+++\ntitle = \"T\"\ndate = 2024-05-01\ndraft = true\nurl = \"/a/\"\n+++\nBody";
    let (found, body) = front_matter(toml).unwrap();
    assert_eq!((body, found.draft, found.url.as_deref()), ("Body", true, Some("/a/")));
    assert_eq!(found.updated_at, parse_date("2024-05-01"));
}

#[test]
fn mistyped_marks_publish_nothing_that_is_internal() {
    for (opening, closing) in [("--", "---"), ("---", "--"), ("----", "-----")] {
        let file = format!("{opening}\ntitle: Refunds\ninternal: true\n{closing}\nBody");
        let (found, body) = front_matter(&file).unwrap();
        assert_eq!((found.title.as_deref(), body), (Some("Refunds"), "Body"), "{file}");
        assert_eq!(found.audiences, ["internal"]);
    }
    assert!(front_matter("--\ninternal: true\n\ntext").is_err());
}

#[test]
fn a_file_without_front_matter_is_all_text() {
    for text in ["# Title\n\ntext", "---\n\nA rule first.", "", "---"] {
        assert_eq!(front_matter(text).unwrap(), (FrontMatter::default(), text));
    }
}

#[test]
fn broken_front_matter_is_an_error_and_not_text() {
    assert!(matches!(front_matter("---\ntitle: x\n\ntext"), Err(FrontMatterError::Open { .. })));
    let broken = front_matter("---\ntitle: [x\n---\ntext");
    assert!(matches!(broken, Err(FrontMatterError::Invalid { format: "YAML", .. })));
    let broken = front_matter("+++\ntitle = \n+++\ntext");
    assert!(matches!(broken, Err(FrontMatterError::Invalid { format: "TOML", .. })));
}

#[test]
fn deep_nesting_is_read_without_recursion() {
    let quotes = "> ".repeat(20_000) + "deep";
    let lists: String = (0..500).map(|it| format!("{}- item\n", "  ".repeat(it))).collect();
    let html = "<div>\n\n".repeat(5_000) + "deep";
    let marks = ["x{.a}", "{:toc}\n", "* é {:toc}    ", "{", "```\n```\n", "[a](#b)\n\n"]
        .map(|it| it.repeat(50_000));
    let marks = marks.into_iter().map(|it| format!("<td>\n{it}"));
    for markdown in [quotes, lists, html].into_iter().chain(marks) {
        let _ = sections(&strip_templates(&markdown));
    }
}

proptest! {
    #[test]
    fn any_text_has_sections_without_blank_blocks(
        parts in prop::collection::vec(
            prop_oneof![
                "[#>*_`|~\\[\\]()!<{}%/ -]{0,6}",
                "\n{1,2}", "1\\. ", "- ", "    ", "<div hidden>", "</div>", "[a-z]{1,8}", "\\PC{0,4}",
                "```", "\\| a \\|", "---", "\\+\\+\\+", "title: x", "\\{#a\\}", "<A b=\\{1\\}>",
            ],
            0..60,
        )
    ) {
        let text = parts.concat();
        let body = front_matter(&text).map_or(text.as_str(), |(_, body)| body);
        for section in sections(&strip_templates(body)) {
            prop_assert!(!section.blocks.is_empty());
            prop_assert!(section.blocks.iter().all(|it| !it.text.trim().is_empty()));
        }
    }
}
