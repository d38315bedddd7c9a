//! What is taken out, what stays, and that it never goes wrong.

use proptest::prelude::*;

use super::*;

fn masked(text: &str) -> String {
    mask(text).text
}

#[track_caller]
fn all_become(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(masked(text), *expected);
    }
}

#[track_caller]
fn all_stay(texts: &[&str]) {
    for text in texts {
        assert_eq!(masked(text), *text);
    }
}

#[test]
fn an_address_of_mail_is_taken_out_however_it_is_written() {
    all_become(&[
        ("write to jane.doe+x@mail.example.co.uk.", "write to [email]."),
        ("mail <jürgen@exämple.de>", "mail <[email]>"),
        ("it is jane\\_doe@mail.example", "it is [email]"),
        ("sk\\_live\\_4eC39HqLyjWDarjtT1zdp7dc\\!", "[secret]\\!"),
        ("jane.doe (at) mail [dot] example please", "[email] please"),
        ("jane dot doe at mail dot example", "[email]"),
        ("jane @ gmail.com", "[email]"),
        ("jane@gmail", "[email]"),
        ("jane.doegmail.com", "[email]"),
        ("jane@mail.example.Then we wait", "[email] we wait"),
        ("it is jane 78 gmailcom thanks", "it is [email] thanks"),
        ("janedoeyahoocom", "[email]"),
        ("jane gmailcom", "[email]"),
        ("my email address is janedoeexamplecom", "my email address is [email]"),
    ]);
    all_stay(&[
        "npm install lodash@4.17.21 and vue@next",
        "look at example.com or the FAQ @ help.example.com",
        "log in at www.hotmail.com with any @gmail.com address, @jane",
        "ssh root@server1, 3 @ 5",
        "gmailcom is no host, the e-mail intercom sent, an income by email",
    ]);
}

#[test]
fn a_card_is_known_by_its_digits_or_by_the_word_for_it() {
    all_become(&[
        ("my card 4111 1111 1111 1111 was charged", "my card [card] was charged"),
        ("paid with 4111-1111-1111-1111 today", "paid with [card] today"),
        ("4111 1111 1111 1111 12/26 123", "[card]"),
        ("amex 3782 822463 10005.", "amex [card]."),
        ("card=4111111111111111,12/26", "card=[card],12/26"),
        ("on 12 5500 0000 0000 0004 was billed", "on 12 [card] was billed"),
        ("my card 1234 5678 9012 3456 (mistyped)", "my card [card] (mistyped)"),
        ("Kreditkarte 1234567890123456", "Kreditkarte [card]"),
        ("Please block card no 501864667909", "Please block card no [card]"),
        ("4111111111111111/12/26/123 or 4111111111111111:12", "[card] or [card]:12"),
        ("the CVV is 123", "the CVV is [card]"),
    ]);
    all_stay(&["article 501864667909", "1234567890123456 rows", "sensor 0000 0000 0000 0000"]);
}

#[test]
fn a_telephone_number_is_known_in_many_countries() {
    all_become(&[
        ("call +49 (0)30 1234 5678", "call [phone]"),
        ("from +1 (555) 123-4567 or 0044 20 7946 0958", "from [phone] or [phone]"),
        ("(\\+49 171 2030405)", "([phone])"),
        ("at 555-123-4567", "at [phone]"),
        ("at 555‑123‑4567", "at [phone]"),
        ("fax,+447700 208 815-Fax", "fax,[phone]-Fax"),
        ("(555) 123-4567 today", "[phone] today"),
        ("my phone is 3660170548", "my phone is [phone]"),
        ("Telefon: 0231 4567890", "Telefon: [phone]"),
        ("Tel. 0171/1234567 oder 06 12 34 56 78", "Tel. [phone] oder [phone]"),
        ("0171 1234567 0172 7654321", "[phone] [phone]"),
        ("555-123-4567 555-987-6543", "[phone] [phone]"),
        ("+49 2012 34 56 or (11) 2012-3456", "[phone] or [phone]"),
        ("call me any time: 555 0123 today", "call me any time: [phone] today"),
        ("3660170548-Fax", "[phone]-Fax"),
        ("or 9876543210, thanks", "or [phone], thanks"),
        ("телефон 495 123 45 67", "телефон [phone]"),
    ]);
}

#[test]
fn an_account_is_known_by_its_check_digits_or_by_the_words_before_it() {
    all_become(&[
        ("IBAN DE89 3704 0044 0532 0130 00.", "IBAN [iban]."),
        ("to gb82west12345698765432 please", "to [iban] please"),
        ("in 10 NO93 8601 1117 947 days", "in 10 [iban] days"),
        ("Kundennummer 99887766", "Kundennummer [number]"),
        ("account no. 6785 4326 6789 please", "account no. [number] please"),
        ("SSN 856-45-6789", "SSN [social security number]"),
        ("856-45-6789", "[social security number]"),
        (
            "the last four of my social security number is 6789",
            "the last four of my social security number is [social security number]",
        ),
        ("last 4 digits of my card are 4242", "last 4 digits of my card are [number]"),
        ("booking reference: X7YPQ2", "booking reference: [number]"),
        ("my confirmation code is 7F3K-9Q", "my confirmation code is [number]"),
        ("PNR QXZPLM", "PNR [number]"),
    ]);
    all_stay(&["booking for 4 people", "gb82west12345698765433"]);
}

#[test]
fn an_address_of_a_machine_is_taken_out_unless_every_machine_has_it() {
    all_become(&[
        ("from 203.0.113.7:8080", "from [ip]:8080"),
        ("host 2001:db8:85a3::8a2e:370:7334 is down", "host [ip] is down"),
        ("server 198.51.100.4.", "server [ip]."),
        ("https://lists.example/query/ip/198.51.100.4", "https://lists.example/query/ip/[ip]"),
    ]);
    all_stay(&[
        "127.0.0.1, 255.255.255.0, 0.0.0.0, 8.8.8.8 and ::1",
        "https://x.example/releases/1.5.0.14/mac, (102.10.1.0)",
        "serial 0D:07:78:2A:13:3F:C6:F9:A5:72",
        "firmware version 10.20.30.40",
        "updated to 1.2.3.4",
        "1.2.3.4.5",
    ]);
}

#[test]
fn what_opens_a_door_is_taken_out() {
    all_become(&[
        ("ftp://joe:s3cret@files.example/x", "ftp://[credentials]@files.example/x"),
        ("https://x.example/r?token=abcdef123456&a=1", "https://x.example/r?token=[secret]&a=1"),
        ("key sk_live_4eC39HqLyjWDarjtT1zdp7dc", "key [secret]"),
        ("Authorization: Bearer abcdefghijklmnop1234", "Authorization: Bearer [secret]"),
        ("my password is hunter2", "my password is [secret]"),
        ("Passwort: Sommer24!", "Passwort: [secret]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P x", "[secret] x"),
        (
            "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb",
            "a\n[private key]\nb",
        ),
        ("license VK7JG-NPHTM-C97JM-9MPGT-3V66T", "license [secret]"),
        ("your verification code is 482 913", "your verification code is [secret]"),
        ("my pin: 4821, jane@x.example", "my pin: [secret], [email]"),
        ("password: abc1'jane@mail.example", "password: [secret]'[email]"),
    ]);
}

#[test]
fn a_message_that_is_nothing_but_a_number_is_somebodys() {
    all_become(&[
        ("4587", "[number]"),
        ("Yes sure, it's 786459567", "Yes sure, it's [number]"),
        ("hello\n\n25633254400\n\nthanks", "hello\n\n[number]\n\nthanks"),
        ("Anna Smith, 4587", "Anna Smith, [number]"),
    ]);
    all_stay(&[
        "Arduino MKR 1400",
        "Port: 2525",
        "Anna Smith 2019",
        "Anna waits 4587 minutes",
        "the page has 4587",
        "2019",
        "404",
        "128.3.1",
        "2024-05-01",
        "$4500",
        "1 234 567",
        "error 1603",
        "10:45",
    ]);
}

#[test]
fn orders_articles_and_errors_stay() {
    all_stay(&[
        "order number: 1234567",
        "my order 4711234567 has not come",
        "order #114-3941689-8772232, order ref. 20456789",
        "Bestellung #DE-4711234 fehlt, Bestellnummer 4711234567",
        "pedido 9876543210, commande n° 9876543210",
        "article 360001234567, article no. 94-001-234, SKU 7350012345",
        "error 0x80070057 in KB5034441, error code: 2147942402",
        "bug 1234567890, ticket 9876543210",
        "ISBN 978-3-16-148410-0",
        "the order of 12345 things",
    ]);
}

#[test]
fn versions_dates_and_amounts_stay() {
    all_stay(&[
        "version 128.3.1 build 20240501103000",
        "from 01.05.2024 to 02.05.2024, at 2024-05-01 10:00",
        "from 01.02.24 - 05.02.24, 01-02-24 1030, 2012 11 23 45",
        "on May 12 2024 10 30, at 1714557600, 20240501 103000",
        "port 993, 1024 x 768, 1 234 567 bytes, $1,234,567.00",
        "it costs 1234567,89 EUR, € 2500000000, payment 1250000 USD",
        "9876543210 bytes and 7350012345 messages",
        "TotalPageFile: 3964059648, total_memory=6554927104, |3412199025|",
        "Thunderbird (102.12.0 (64-bit), Direct2D (10.0.19041.3570), 0.17.0 0.17.0",
        "Portable version. 102.9.0 (32-bit), since 0905/2025",
        "1402-04-15, code=2147942402, the password is 100% local",
        "https://help.example.com/articles/360001234567-Reset",
        "your password is safe; choose a new password",
        "in 2023-2024 we sold 10 000 units",
        "10:20:30 and std::string::npos",
        "the hotel of 12345678 rooms, support since 2001",
    ]);
}

#[test]
fn spans_say_where_and_what() {
    let text = "ä jane@x.example, 4111111111111111";
    let spans = mask(text).spans;
    let found: Vec<_> =
        spans.iter().map(|it| (text.get(it.start..it.end).unwrap(), it.kind)).collect();
    assert_eq!(found, [("jane@x.example", Kind::Email), ("4111111111111111", Kind::Card)]);
}

#[test]
fn a_hostile_text_takes_no_longer_than_its_length() {
    // Were the time to grow with the square, each of these would take minutes.
    for piece in [
        "1 ",
        "1-",
        "a@",
        "@",
        "+1",
        "(",
        "::",
        "1.1.1.1 ",
        "eyJ",
        "://a:",
        "DE89 ",
        "ssn ",
        "card 4111111111111111 ",
        "gmail.com",
        " at ",
        "password: a1b2 ",
    ] {
        let text = piece.repeat(60_000 / piece.len());
        assert!(mask(&text).text.len() <= 4 * text.len(), "{piece}");
    }
}

/// Pieces that meet each other in unlucky ways.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,6}",
        "[0-9]{1,6}",
        "[ ().:@/=+#,_'\\\\-]{1,2}",
        "[a-z]{1,4}",
        "[A-Z0-9]{5}-",
        Just("order ".to_owned()),
        Just("account ".to_owned()),
        Just("password: ".to_owned()),
        Just("tel ".to_owned()),
        Just("card ".to_owned()),
        Just("ssn ".to_owned()),
        Just("is ".to_owned()),
        Just("4111111111111111".to_owned()),
        Just("a@b.co".to_owned()),
        Just(" at b dot co".to_owned()),
        Just("DE89370400440532013000".to_owned()),
        Just("203.0.113.7".to_owned()),
        Just("856-45-6789".to_owned()),
        Just("555-123-4567".to_owned()),
        Just("9876543210".to_owned()),
        Just("https://".to_owned()),
        Just("?token=".to_owned()),
        Just("sk_live_4eC39HqLyjWDarjtT1zdp7dc".to_owned()),
        Just("\n\n".to_owned()),
        Just("[phone]".to_owned()),
        Just("[email]".to_owned()),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|it| it.concat())
}

proptest! {
    #[test]
    fn pieces_are_in_order_and_apart_for_any_text(text in pieces()) {
        let masked = mask(&text);
        let mut end = 0;
        for span in &masked.spans {
            prop_assert!(end <= span.start && span.start < span.end);
            prop_assert!(text.get(span.start..span.end).is_some());
            end = span.end;
        }
        prop_assert!(end <= text.len());
    }

    #[test]
    fn a_masked_text_is_masked_once_and_for_all(text in pieces()) {
        let once = mask(&text).text;
        prop_assert_eq!(&mask(&once).text, &once, "from {}", text);
    }

    #[test]
    fn an_address_is_found_wherever_it_stands(
        before in "[ ,;<(\"\n]{0,4}", name in "[a-z]{1,8}", after in "[ ,;!?)\n]{0,3}"
    ) {
        let text = format!("{before}{name}@mail.example{after}");
        prop_assert_eq!(mask(&text).text, format!("{before}[email]{after}"));
    }

    #[test]
    fn a_number_with_a_country_code_is_found_wherever_it_stands(
        before in "[ ,;<(\"\n]{0,4}", digits in "[1-9][0-9]{1,2} [0-9]{3} [0-9]{3,6}", after in "[ ,;!?)\n]{0,3}"
    ) {
        let text = format!("{before}+{digits}{after}");
        prop_assert!(!mask(&text).text.contains(|it: char| it.is_ascii_digit()));
    }
}
