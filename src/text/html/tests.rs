//! What a reader sees is what comes out, and nothing else.

use expect_test::expect;
use proptest::prelude::*;

use super::*;

#[test]
fn an_article_keeps_its_structure() {
    let html = r#"<h1>Refunds</h1><p>You get your <b>money</b> back.<br>Always.</p>
        <h2 id="by-card">By <em>card</em></h2>
        <ol start="3"><li>Open <a href="https://x.example/a">the page</a>.</li>
        <li><p>Press:</p><ul><li>Yes</li><li>No</li></ul></li></ol>
        <table><tr><th>Plan</th><th>Days</th></tr><tr><td>Free</td><td>5</td></tr></table>
        <pre>if (a &lt; b) {
  go();
}</pre><p>1. not a list * here</p>"#;
    expect![[r#"
        # Refunds

        You get your money back.
        Always.

        ## By card {#by-card}

        3. Open [the page](https://x.example/a).
        4. Press:
            - Yes
            - No

        | Plan | Days |
        | --- | --- |
        | Free | 5 |

        ```
        if (a < b) {
          go();
        }
        ```

        1\. not a list \* here"#]]
    .assert_eq(&to_markdown(html));
}

/// Ways to put `SECRET` on a page so that no reader sees it.
const HIDDEN: &[&str] = &[
    "<!-- SECRET -->",
    "<script>SECRET</script>",
    "<style>SECRET</style>",
    "<template>SECRET</template>",
    "<noscript>SECRET</noscript>",
    "<iframe>SECRET</iframe>",
    "<textarea>SECRET</textarea>",
    "<svg><text>SECRET</text></svg>",
    "<select><option>SECRET</option></select>",
    "<dialog>SECRET</dialog>",
    "<p hidden>SECRET</p>",
    "<div style='display:none'>SECRET</div>",
    "<div style='DISPLAY : NONE !important'>SECRET</div>",
    "<div style='color:red;display/**/:none'>SECRET</div>",
    "<div style='visibility:hidden'>SECRET</div>",
    "<div style='opacity:0'>SECRET</div>",
    "<span style='font-size:0'>SECRET</span>",
    "<span style='font-size:1px'>SECRET</span>",
    "<span style='mso-hide:all'>SECRET</span>",
    "<div style='max-height:0;overflow:hidden'>SECRET</div>",
    "<div style='text-indent:-9999px'>SECRET</div>",
    "<div style='position:absolute;left:-9999px'>SECRET</div>",
    "<div style='clip:rect(0,0,0,0)'>SECRET</div>",
    "<span style='color:#fff'>SECRET</span>",
    "<span style='color:rgb(255, 255, 255)'>SECRET</span>",
    "<font color=white>SECRET</font>",
    "<td bgcolor=red><font color='#ff0000'>SECRET</font></td>",
    "<span style='color:transparent'>SECRET</span>",
    "<img alt='SECRET' title='SECRET'>",
    "<a title='SECRET'></a>",
    "<input type=hidden value='SECRET'>",
    "<div hidden><p>SECRET</div>",
    "<div hidden><div><div></span></b>SECRET</div></div></div>",
    "<div hidden><table><tr><td></div>SECRET</td></tr></table></div>",
    "<ul><li hidden>SECRET<li></ul>",
    "<s>SECRET</s>",
    "<meta name=x content=SECRET>",
];

#[test]
fn what_no_reader_sees_changes_nothing() {
    for hidden in HIDDEN {
        let page = |middle: &str| format!("<p>Before.</p>{middle}<p>After.</p>");
        for (name, turn) in [("markdown", to_markdown as fn(&str) -> String), ("text", to_text)] {
            let with = turn(&page(hidden));
            assert!(!with.contains("SECRET"), "{name} of {hidden}: {with}");
            assert_eq!(with, turn(&page("")), "{name} of {hidden}");
        }
    }
}

#[test]
fn white_text_on_a_colored_button_is_read() {
    let html = "<td bgcolor='#336699'><a href='x' style='color:#ffffff'>Reset password</a></td>";
    assert_eq!(to_text(html), "Reset password");
}

#[test]
fn invisible_letters_are_taken_out() {
    let text = "re\u{200b}fund\u{202e}s\u{e0041}\u{fe0f}\u{ad}\u{0}";
    assert_eq!(strip_invisible(text), "refunds");
    assert_eq!(strip_invisible("a\u{a0}b\u{2028}c\td"), "a b\nc\td");
}

#[test]
fn quoted_mail_is_marked_and_signatures_are_gone() {
    let gmail = "<div>It does not work.</div><br><div class='gmail_quote'><div>On Monday Ann \
                 wrote:</div><blockquote>Try again.</blockquote></div>\
                 <div class='gmail_signature'>Bob, CEO</div>";
    assert_eq!(to_text(gmail), "It does not work.\n\n> On Monday Ann wrote:\n\n> > Try again.");
    let outlook =
        "<p>Still broken.</p><div id='divRplyFwdMsg'>From: Ann</div><div>Try again.</div>";
    assert_eq!(to_text(outlook), "Still broken.\n\n> From: Ann\n> Try again.");
}

#[test]
fn a_page_is_its_main_content() {
    let html = "<html lang=en-US><head><title>Refunds | Acme</title>\
        <meta name=description content='When money comes back.'>\
        <link rel=canonical href=https://acme.example/refunds></head><body>\
        <nav><a href=/>Home</a></nav><main><header><h1>Refunds</h1></header><p>Five days.</p>\
        <aside>See also</aside></main><footer>Imprint</footer></body></html>";
    let page = page(html);
    assert_eq!(page.title, "Refunds", "without the name of the site");
    assert_eq!(page.summary.as_deref(), Some("When money comes back."));
    assert_eq!(page.url.as_deref(), Some("https://acme.example/refunds"));
    assert_eq!(page.language.as_deref(), Some("en-US"));
    assert_eq!(page.markdown, "# Refunds\n\nFive days.");
}

#[test]
fn a_page_without_marks_is_read_without_its_surroundings() {
    let page = page("<nav>Home</nav><h1>Refunds</h1><p>Five days.<footer>Imprint</footer>");
    assert_eq!(page.title, "Refunds");
    assert_eq!(page.markdown, "# Refunds\n\nFive days.");
}

#[test]
fn a_table_that_only_lays_out_the_page_is_no_table() {
    let html =
        "<table><tr><td><h2>Plans</h2><p>One.</p></td><td><ul><li>Two</li></ul></td></tr></table>";
    assert_eq!(to_markdown(html), "## Plans\n\nOne.\n\n- Two");
}

#[test]
fn a_table_whose_cells_have_several_lines_stays_whole() {
    let html = "<table><tr><th>Key</th><th>Does</th></tr><tr><td><p>Ctrl</p><p>+ N</p></td><td>New<br>message</td></tr></table>";
    assert_eq!(to_markdown(html), "| Key | Does |\n| --- | --- |\n| Ctrl \\+ N | New message |");
}

#[test]
fn a_cell_over_several_rows_or_columns_is_said_in_each_of_them() {
    let html = "<table><tr><th>Plan</th><th colspan=2>Price</th></tr><tr><td rowspan=2>Pro</td><td>9 EUR</td><td>a month</td></tr>\
                <tr><td>90 EUR</td><td>a year</td></tr><tr><td>Free</td><td rowspan=99999>0 EUR</td></tr></table>";
    let table = "| Plan | Price | Price |\n| --- | --- | --- |\n| Pro | 9 EUR | a month |\n\
                 | Pro | 90 EUR | a year |\n| Free | 0 EUR | |";
    assert_eq!(to_markdown(html), table);
}

#[test]
fn a_first_row_in_bold_heads_a_table() {
    let row = |cells: &[&str]| format!("<tr><td>{}</td></tr>", cells.join("</td><td>"));
    let plans = [row(&["", "<b>Free</b>", "<strong>Pro</strong>"]), row(&["Seats", "1", "9"])];
    let table = |rows: &[String]| to_markdown(&format!("<table>{}</table>", rows.concat()));
    assert_eq!(table(&plans), "|  | Free | Pro |\n| --- | --- | --- |\n| Seats | 1 | 9 |");
    let terms = [row(&["<b>Seat</b>", "A person"]), row(&["<b>Team</b>", "Its people"])];
    assert!(table(&terms).starts_with("|  |  |\n"), "terms in bold head their rows only");
    let pictures = [row(&["<b>Right</b>", "<b>Wrong</b>"]), row(&["<img>", "<img>"])];
    assert!(table(&pictures).ends_with("| Right | Wrong |"), "a heading over nothing is text");
}

#[test]
fn a_link_stays_one_wherever_it_stands() {
    let html = "<p><a href=/a>First</a> word</p><ul><li><a href=/b>Item</a></li></ul>";
    assert_eq!(to_markdown(html), "[First](/a) word\n\n- [Item](/b)");
}

#[test]
fn what_is_for_one_system_each_is_told_apart() {
    let html = "<p>Press <span data-for='win,linux'>Ctrl</span><span data-for='mac'>Cmd</span>+S in \
        <b><span data-for='not v9'>Files</span><span data-for='v9'>Home</span></b> \
        or <span data-for='mac'>Dock</span>.</p>";
    assert_eq!(
        to_markdown(html),
        "Press Ctrl (Windows, Linux) / Cmd (macOS)+S in Files / Home or Dock."
    );
    let html = "<div data-os=windows><p>Open Start.</p></div><div data-os=mac><p>Open Finder.</p></div>\
        <div data-os=mac><h2>Dock</h2></div><div data-os=linux><img alt=x></div><p>Done.</p>";
    assert_eq!(
        to_markdown(html),
        "Windows:\n\nOpen Start.\n\nmacOS:\n\nOpen Finder.\n\n## Dock\n\nDone."
    );
    assert_eq!(to_text("<b data-os=mac>a</b><b data-os=windows>b</b>"), "ab", "a mail has none");
}

#[test]
fn an_empty_link_names_the_heading_it_stands_at() {
    let html = "<a name=one></a><h2>One</h2><h2>Two<a id=two></a></h2><a id=x></a><p>x</p><h2 id=three>Three</h2>";
    let markdown = to_markdown(html);
    assert_eq!(markdown, "## One {#one}\n\n## Two {#two}\n\nx\n\n## Three {#three}");
}

#[test]
fn a_bomb_of_nested_tags_is_harmless() {
    for tag in ["div", "table", "ul", "blockquote", "b", "a href=x", "pre", "li"] {
        let html = format!("<{tag}>").repeat(5_000) + "text";
        let _ = to_markdown(&html);
        let _ = to_text(&html);
        let _ = page(&html);
    }
}

proptest! {
    #[test]
    fn any_soup_of_tags_gives_some_text(
        parts in prop::collection::vec(
            prop_oneof![
                prop::sample::select(HIDDEN).prop_map(str::to_owned),
                "[a-z &;<>/\"'=#-]{0,12}",
                "</?(p|div|ul|ol|li|table|tr|td|th|pre|a|h2|b|br|blockquote|title)( href=x| hidden| id=a)?>",
                "\\PC{0,6}",
            ],
            0..40,
        )
    ) {
        let html = parts.concat();
        let markdown = to_markdown(&html);
        prop_assert_eq!(strip_invisible(&markdown), markdown.clone());
        let _ = to_text(&html);
        let _ = page(&html);
    }
}
