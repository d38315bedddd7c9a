//! What is taken out, what stays, and that it never goes wrong.

use proptest::prelude::*;

use super::*;

fn masked(text: &str) -> String {
    mask(text).text
}

#[test]
fn what_identifies_a_person_is_taken_out() {
    for (text, expected) in [
        ("write to jane.doe+x@mail.example.co.uk.", "write to [email]."),
        ("mail <jürgen@exämple.de>", "mail <[email]>"),
        ("my card 4111 1111 1111 1111 was charged", "my card [card] was charged"),
        ("call +49 (0)30 1234 5678", "call [phone]"),
        ("at 555-123-4567", "at [phone]"),
        ("fax,+447700 208 815-Fax", "fax,[phone]-Fax"),
        ("(555) 123-4567 today", "[phone] today"),
        ("my phone is 3660170548", "my phone is [phone]"),
        ("Telefon: 0231 4567890", "Telefon: [phone]"),
        ("IBAN DE89 3704 0044 0532 0130 00.", "IBAN [iban]."),
        ("to gb82west12345698765432 please", "to [iban] please"),
        ("SSN 856-45-6789", "SSN [social security number]"),
        ("from 203.0.113.7:8080", "from [ip]:8080"),
        ("host 2001:db8:85a3::8a2e:370:7334 is down", "host [ip] is down"),
        ("order number: 1234567", "order number: [number]"),
        ("Bestellung #DE-4711234 fehlt", "Bestellung #[number] fehlt"),
        ("Kundennummer 99887766", "Kundennummer [number]"),
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn what_opens_a_door_is_taken_out() {
    for (text, expected) in [
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
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn versions_dates_amounts_and_advice_stay() {
    for text in [
        "version 128.3.1 build 20240501103000",
        "firmware version 10.20.30.40",
        "from 01.05.2024 to 02.05.2024, at 2024-05-01 10:00",
        "port 993, 1024 x 768, 1 234 567 bytes, $1,234,567.00",
        "error 0x80070057 in KB5034441",
        "https://help.example.com/articles/360001234567-Reset",
        "the order of 12345 things",
        "your password is safe; choose a new password",
        "in 2023-2024 we sold 10 000 units",
        "10:20:30 and std::string::npos",
    ] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn spans_say_where_and_what() {
    let text = "ä jane@x.example, 4111111111111111";
    let spans = mask(text).spans;
    let found: Vec<_> =
        spans.iter().map(|it| (text.get(it.start..it.end).unwrap(), it.kind)).collect();
    assert_eq!(found, [("jane@x.example", Kind::Email), ("4111111111111111", Kind::Card)]);
}

proptest! {
    #[test]
    fn any_text_is_masked_once_and_for_all(
        parts in prop::collection::vec(
            prop_oneof![
                "\\PC{0,6}", "[0-9]{1,6}", "[ ().:@/=+#-]{1,2}", "order ", "password: ", "tel ",
                "4111111111111111", "a@b.co", "DE89370400440532013000", "https://", "\n",
            ],
            0..30,
        )
    ) {
        let text = parts.concat();
        let once = mask(&text);
        let mut end = 0;
        for span in &once.spans {
            prop_assert!(end <= span.start && span.start < span.end);
            prop_assert!(text.get(span.start..span.end).is_some());
            end = span.end;
        }
        prop_assert!(end <= text.len());
    }

    #[test]
    fn an_address_is_found_wherever_it_stands(
        before in "[ ,;<(\"\n]{0,4}", name in "[a-z]{1,8}", after in "[ ,;!?)\n]{0,3}"
    ) {
        let text = format!("{before}{name}@mail.example{after}");
        prop_assert_eq!(mask(&text).text, format!("{before}[email]{after}"));
    }
}
