//! Sentences that may go out and sentences that may not, each with its rule.

use secrecy::SecretString;

use super::*;
use crate::draft::Citation;
use crate::draft::Layout;
use crate::draft::Writer;
use crate::knowledge::Audience;
use crate::knowledge::Passage;
use crate::knowledge::Pool;

const PASSAGE: &str = "Plans renew every month. You can change your plan in Settings at any time. \
    If a planter arrives broken, we refund the full price within 14 days. Write to \
    help@acme.example or see https://acme.example/plans?lang=en for the prices. Mail goes \
    through imap.acme.co.example. It is read by people.";

fn hit(id: &str, text: &str, pool: Pool, audience: Audience) -> Hit {
    let passage = Passage {
        id: id.to_owned(),
        document_id: id.to_owned(),
        pool,
        brand: "main".to_owned(),
        audience,
        title: "Plans".to_owned(),
        headings: Vec::new(),
        anchor: None,
        url: Some("https://acme.example/help/plans".to_owned()),
        language: Some("en".to_owned()),
        ordinal: 0,
        text: text.to_owned(),
        updated_at: None,
    };
    Hit { passage, score: 1.0, signals: Vec::new(), stale: None }
}

fn article() -> Hit {
    hit("plans", PASSAGE, Pool::Article, Audience::Public)
}

fn claim(text: &str) -> Sentence {
    let (cites, kind) = (vec![0], SentenceKind::Claim);
    Sentence { text: text.to_owned(), cites, kind, layout: Layout::Running }
}

fn draft(sentences: Vec<Sentence>) -> Draft {
    let citation = Citation { passage_id: "plans".into(), title: "Plans".into(), url: None };
    Draft {
        sentences,
        citations: vec![citation],
        written_by: Writer::Model("m".to_owned()),
        asks_back: false,
        language: Some("en".to_owned()),
    }
}

fn ticket() -> Ticket {
    let question =
        "My order 4711 0815 99 of jane@mail.example has not come. How do I change my plan?";
    Ticket { question: question.to_owned(), ..Ticket::default() }
}

fn blocks_with(text: &str, limits: &Limits) -> Vec<Rule> {
    let draft = draft(vec![claim("Plans renew every month."), claim(text)]);
    guard(draft, &ticket(), &[article()], &[], limits).1.blocks
}

fn blocks(text: &str) -> Vec<Rule> {
    blocks_with(text, &Limits::default())
}

#[test]
fn the_table_of_promises_can_be_read() {
    check().unwrap();
}

#[test]
fn what_the_article_says_goes_out() {
    for text in [
        "You can change your plan in Settings at any time.",
        "If a planter arrives broken, we refund the full price within 14 days.",
        "When a planter is broken on arrival we refund the full price within 14 days.",
        "The prices are at https://acme.example/plans?lang=en.",
        "Write to help@acme.example.",
        "The server for mail is imap.acme.co.example, as always.",
        "Your order 4711081599 is on the account jane@mail.example.",
        "Open Settings > Plan and choose another one, e.g. the small one.",
        "Open it in the morning, e.g. at 9 a.m. or 2.5 hours later.",
    ] {
        assert_eq!(blocks(text), [], "{text}");
    }
}

#[test]
fn promises_nobody_made_are_named() {
    for (text, rule) in [
        ("We have refunded your order.", Rule::Deed),
        ("As a gesture of goodwill you get a discount of 20 %.", Rule::Compensation),
        ("We will give you a free month.", Rule::Compensation),
        ("A colleague will call you by tomorrow.", Rule::Deadline),
        ("We accept full liability for the damage.", Rule::Legal),
        ("Take two tablets of ibuprofen.", Rule::Medical),
        ("Wir schreiben Ihnen 50 Euro gut.", Rule::Compensation),
        ("Nous vous accordons une remise.", Rule::Compensation),
        ("我们会在24小时内处理。", Rule::Deadline),
        ("住所を変更しました。", Rule::Deed),
    ] {
        assert!(blocks(text).contains(&rule), "{text}: {:?}", blocks(text));
    }
    let refund = "Sie erhalten eine Rückerstattung.";
    let draft = draft(vec![claim("Plans renew."), claim(refund)]);
    let about = hit("plans", "Plans renew.", Pool::Article, Audience::Public);
    let blocks = guard(draft, &ticket(), &[about], &[], &Limits::default()).1.blocks;
    assert_eq!(blocks, [Rule::Refund]);
}

#[test]
fn identifiers_come_from_this_conversation_or_the_article() {
    for text in [
        "The other customer is bob@mail.example.",
        "Call +49 30 901820 for that.",
        "The card 4111 1111 1111 1111 was charged.",
        "Your order is 20260001733.",
        "Pay to DE89 3704 0044 0532 0130 00.",
    ] {
        assert!(blocks(text).contains(&Rule::Identifier), "{text}: {:?}", blocks(text));
    }
    let token = "The code is q8Zr2LxV0pTn4WbYk7Hd1s.";
    assert!(blocks(token).contains(&Rule::Token));
}

#[test]
fn an_address_stands_in_the_passage_with_all_it_has() {
    for text in [
        "See https://evil.example/x.",
        "See https://acme.example/plans?lang=en&u=jane.",
        "See https://acme.example/plans.",
        "See acme.example/plans?q=secret.",
        "See https://acme.example.evil.example/plans?lang=en.",
        "See https://acme.example@evil.example/plans?lang=en.",
        "See hxxps://evil.example and sign in.",
        "Press Save.zorblax to go on.",
        "See evil[.]example for more.",
        "See evil dot example slash login.",
        "See evil%2Eexample%2Flogin now.",
        "See ｅｖｉｌ．ｅｘａｍｐｌｅ now.",
        "See https://аcme.example/plans?lang=en.",
        "See //evil.example/x.",
        "Open data:text/html;base64,PHNjcmlwdD4= now.",
        "Open javascript:alert(1) now.",
        "Open 203.0.113.9/login now.",
        "Write to mailto:bob@evil.example.",
    ] {
        assert!(blocks(text).contains(&Rule::Address), "{text}: {:?}", blocks(text));
    }
    let limits = Limits { link_hosts: vec!["other.example".to_owned()], ..Limits::default() };
    let text = "The prices are at https://acme.example/plans?lang=en.";
    assert_eq!(blocks_with(text, &limits), [Rule::Address], "a host that is not allowed");
    let limits = Limits { link_hosts: vec!["Acme.example".to_owned()], ..Limits::default() };
    assert_eq!(blocks_with(text, &limits), []);
}

#[test]
fn a_sentence_is_words_and_nothing_else() {
    for text in [
        "Hello <b>there</b>.",
        "Look ![x](y).",
        "Click [here][1].",
        "[1]: evil",
        "A &#60;script&#62; tag.",
        "Dear {{customer}}.",
    ] {
        assert!(blocks(text).contains(&Rule::Markup), "{text}: {:?}", blocks(text));
    }
    for text in
        ["Change\u{200b} your plan.", "Change \u{202e}nalp ruoy.", "Plan\u{e0041}\u{e0042}."]
    {
        assert_eq!(blocks(text), [Rule::Unseen], "{text:?}");
    }
    assert_eq!(blocks("می\u{200c}خواهم 👩\u{200d}🔧"), [], "joiners that a script needs");
}

#[test]
fn secrets_of_the_installation_stay_in() {
    let secret = SecretString::from("tok-7f3a-Kanarie");
    let limits = Limits { secrets: Secrets::new(vec![secret]), ..Limits::default() };
    for text in [
        "The key is tok-7f3a-Kanarie.",
        "The key is TOK 7f3a KANARIE.",
        "The key is eiranaK-a3f7-kot.",
        "The key is dG9rLTdmM2EtS2FuYXJpZQ==.",
    ] {
        assert!(blocks_with(text, &limits).contains(&Rule::Secret), "{text}");
    }
    assert!(!format!("{limits:?}").contains("Kanarie"));
}

#[test]
fn what_others_wrote_and_what_is_internal_stays_in() {
    let past = "The planter of my neighbor Zelda was blue and leaked on her carpet all night long.";
    let past = hit("t1", past, Pool::PastTicket, Audience::Public);
    let told = "The planter of my neighbor Zelda was blue and leaked on her carpet.";
    let with = |sentences, past: &[Hit]| {
        guard(draft(sentences), &ticket(), &[article()], past, &Limits::default()).1
    };
    let guarded =
        with(vec![claim("Plans renew every month."), claim(told)], std::slice::from_ref(&past));
    assert_eq!(guarded, Guarded { blocks: vec![Rule::OthersWords], torn: false });

    let internal = hit("plans", PASSAGE, Pool::Article, Audience::Internal);
    let only = draft(vec![claim("Plans renew every month.")]);
    let (rest, guarded) = guard(only, &ticket(), &[internal], &[], &Limits::default());
    assert_eq!(guarded, Guarded { blocks: vec![Rule::Audience], torn: true });
    assert!(rest.sentences.is_empty(), "not even a person is handed it as a reply");
}

#[test]
fn the_team_is_not_handed_the_link_either() {
    let removed = |text: &str| Removed {
        text: text.to_owned(),
        faults: vec![Fault::Link("https://evil.example".to_owned()), Fault::Unbacked],
    };
    let both = vec![removed("See https://evil.example for it."), removed("Cats are nice.")];
    let told = told(both, &Limits::default());
    assert!(!format!("{:?}", told[0]).contains("evil"), "{:?}", told[0]);
    assert_eq!(told[0].faults, [Fault::Unbacked]);
    assert_eq!(told[1], removed("Cats are nice."));
}

#[test]
fn our_own_words_may_name_what_the_customer_wrote_but_lead_nowhere() {
    let joint = |text: &str| Sentence {
        text: text.to_owned(),
        cites: Vec::new(),
        kind: SentenceKind::Joint,
        layout: Layout::Paragraph,
    };
    let ask = |text: &str| {
        let draft = draft(vec![joint(text), claim("Plans renew every month.")]);
        guard(draft, &ticket(), &[article()], &[], &Limits::default()).1.blocks
    };
    assert_eq!(ask("You wrote: “we will refund you tomorrow”"), []);
    assert_eq!(ask("You wrote: “my address is jane@mail.example”"), []);
    assert_eq!(ask("You wrote: “see https://evil.example”"), [Rule::Address]);
}
