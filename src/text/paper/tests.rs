//! What a reader of an office document sees is what comes out.

use std::io::Cursor;
use std::io::Write as _;

use expect_test::expect;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

/// A Word file with these parts, as Word packs them.
fn word(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

const STYLES: &str = r#"<w:styles xmlns:w="w"><w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style>
    <w:style w:styleId="H2"><w:name w:val="heading 2"/></w:style>
    <w:style w:styleId="T"><w:name w:val="Title"/></w:style></w:styles>"#;

const NUMBERING: &str = r#"<w:numbering xmlns:w="w">
    <w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>
    <w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
    <w:num w:numId="5"><w:abstractNumId w:val="0"/></w:num></w:numbering>"#;

fn paragraph(mark: &str, text: &str) -> String {
    format!("<w:p><w:pPr>{mark}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>")
}

fn item(level: usize, text: &str) -> String {
    let mark = format!("<w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"5\"/></w:numPr>");
    paragraph(&mark, text)
}

fn document(body: &str) -> Vec<u8> {
    let body = format!("<w:document xmlns:w=\"w\"><w:body>{body}</w:body></w:document>");
    word(&[
        ("word/document.xml", &body),
        ("word/styles.xml", STYLES),
        ("word/numbering.xml", NUMBERING),
        (
            "docProps/core.xml",
            "<c xmlns:d='d'><d:title>Microsoft Word - x.doc</d:title><d:modified>2024-05-01T10:00:00Z</d:modified></c>",
        ),
    ])
}

#[test]
fn a_word_file_keeps_headings_steps_and_tables() {
    let cell = |text: &str| format!("<w:tc>{}</w:tc>", paragraph("", text));
    let row = |left: &str, right: &str| format!("<w:tr>{}{}</w:tr>", cell(left), cell(right));
    let body = [
        paragraph("<w:pStyle w:val=\"T\"/>", "Refund handbook"),
        paragraph("<w:pStyle w:val=\"H1\"/>", "By card"),
        paragraph("", "Money comes back in &lt;5 days*."),
        item(0, "Open the order."),
        item(1, "On a phone: swipe."),
        paragraph("", "A picture stood here."),
        item(0, "Press Refund."),
        paragraph("<w:pStyle w:val=\"H2\"/>", "Fees"),
        format!("<w:tbl>{}{}</w:tbl>", row("Plan", "Fee"), row("Free", "0 €")),
    ];
    let paper = docx(&document(&body.concat())).unwrap();
    assert_eq!(paper.title, "Refund handbook");
    assert_eq!(paper.updated_at, "2024-05-01T10:00:00Z".parse().ok());
    expect![[r#"
        # By card

        Money comes back in \<5 days\*.

        1. Open the order.
            - On a phone: swipe.

        A picture stood here.

        2. Press Refund.

        ## Fees

        | Plan | Fee |
        | --- | --- |
        | Free | 0 € |"#]]
    .assert_eq(&paper.markdown);
}

#[test]
fn what_no_reader_of_a_word_file_sees_is_left_out() {
    let run = |mark: &str| format!("<w:r><w:rPr>{mark}</w:rPr><w:t>SECRET</w:t></w:r>");
    for hidden in [
        run("<w:vanish/>"),
        run("<w:strike/>"),
        run("<w:color w:val=\"FFFFFF\"/>"),
        run("<w:sz w:val=\"1\"/>"),
        "<w:del><w:r><w:delText>SECRET</w:delText></w:r></w:del>".to_owned(),
        format!("<w:moveFrom>{}</w:moveFrom>", run("")),
        "<w:r><w:instrText>SECRET</w:instrText></w:r>".to_owned(),
    ] {
        let paper = docx(&document(&format!("<w:p><w:r><w:t>Seen.</w:t></w:r>{hidden}</w:p>")));
        assert_eq!(paper.unwrap().markdown, "Seen.", "{hidden}");
    }
    let shown = run("<w:color w:val=\"FFFFFF\"/><w:shd w:fill=\"000000\"/><w:vanish w:val=\"0\"/>");
    let paper = docx(&document(&format!("<w:p>{shown}</w:p>"))).unwrap();
    assert_eq!(paper.markdown, "SECRET");
}

#[test]
fn a_word_file_that_cannot_be_read_says_what_to_do() {
    assert_eq!(docx(&[0xd0, 0xcf, 0x11, 0xe0, 1]), Err(PaperError::Encrypted));
    assert!(matches!(docx(b"no zip"), Err(PaperError::Damaged { kind: "Word", .. })));
    assert!(matches!(docx(&word(&[("a", "b")])), Err(PaperError::Damaged { .. })));
    assert!(matches!(docx(&document("<w:p></w:x>")), Err(PaperError::Damaged { .. })));
    assert_eq!(docx(&document("<w:p/>")), Err(PaperError::NoText));
}

#[cfg(feature = "pdf")]
mod pdf_files {
    use pdf_extract::Document;
    use pdf_extract::Object;
    use pdf_extract::Stream;
    use pdf_extract::dictionary;

    use super::*;

    /// A PDF file whose pages have these lines: (size, height, text).
    fn file(pages: &[&[(u32, u32, &str)]]) -> Vec<u8> {
        let mut document = Document::with_version("1.5");
        let tree = document.new_object_id();
        let font = document.add_object(dictionary! {
            "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica",
        });
        let resources = document.add_object(dictionary! { "Font" => dictionary! { "F1" => font } });
        let mut kids = Vec::new();
        for lines in pages {
            let drawn = lines.iter().map(|(size, height, text)| {
                format!("BT /F1 {size} Tf 72 {height} Td ({text}) Tj ET\n")
            });
            let drawn: String = drawn.collect();
            let content = document.add_object(Stream::new(dictionary! {}, drawn.into_bytes()));
            kids.push(Object::Reference(document.add_object(dictionary! {
                "Type" => "Page", "Parent" => tree, "Contents" => content,
            })));
        }
        let n_pages = i64::try_from(kids.len()).unwrap();
        document.objects.insert(
            tree,
            Object::Dictionary(dictionary! {
                "Type" => "Pages", "Kids" => kids, "Count" => n_pages, "Resources" => resources,
                "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
            }),
        );
        let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
        document.trailer.set("Root", catalog);
        let about = document.add_object(dictionary! {
            "Title" => Object::string_literal("Refund handbook"),
            "ModDate" => Object::string_literal("D:20240501103000+02'00'"),
        });
        document.trailer.set("Info", about);
        let mut bytes = Vec::new();
        document.save_to(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_pdf_file_keeps_headings_paragraphs_and_items() {
        let first: &[_] = &[
            (9, 800, "Acme handbook 1"),
            (20, 750, "Refunds"),
            (11, 720, "Money comes back in five days, what-"),
            (11, 706, "ever you paid with."),
            (11, 670, "1. Open the order."),
            (11, 656, "2. Press Refund and con-"),
            (11, 642, "firm it."),
            (14, 600, "By card"),
            (11, 580, "It takes *three* days."),
        ];
        let second: &[_] = &[(9, 800, "Acme handbook 2"), (11, 750, "Nothing else to say here.")];
        let third: &[_] = &[(9, 800, "Acme handbook 3"), (11, 750, "The end of the handbook.")];
        let paper = pdf(&file(&[first, second, third])).unwrap();
        assert_eq!(paper.title, "Refund handbook");
        assert_eq!(paper.updated_at, "2024-05-01T00:00:00Z".parse().ok());
        expect![[r#"
            # Refunds

            Money comes back in five days, whatever you paid with.

            1. Open the order.
            2. Press Refund and confirm it.

            ## By card

            It takes \*three\* days.

            Nothing else to say here.

            The end of the handbook."#]]
        .assert_eq(&paper.markdown);
    }

    #[test]
    fn a_pdf_file_that_cannot_be_read_says_what_to_do() {
        assert_eq!(pdf(&file(&[&[(9, 10, "7")], &[]])), Err(PaperError::NoText));
        assert!(matches!(pdf(b"no pdf"), Err(PaperError::Damaged { kind: "PDF", .. })));
        let mut cut = file(&[&[(11, 700, "A page of some length.")]]);
        for at in [100, 200, 300, cut.len() / 2] {
            cut.truncate(cut.len().saturating_sub(at));
            drop(pdf(&cut));
        }
    }
}
