//! Which language a text is written in. Says nothing where it is not sure: a
//! wrong language costs a customer more than an unknown one.

use whatlang::Lang as Guess;
use whichlang::Lang as Vote;

/// Fewer letters than this tell nothing in a script of many languages. (Guessed:
/// "how do I cancel" has 12.)
const MIN_LETTERS: usize = 12;

/// From here on the statistics of one detector are enough. (Guessed.)
const CERTAIN: f64 = 0.9;

/// Only this much is read; what follows does not change the answer.
const MAX_LETTERS: usize = 2_000;

/// False if both are known and differ. Texts too short to tell may be in any language.
pub fn may_be_same(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        (None, _) | (_, None) => true,
    }
}

/// The ISO 639-1 code of the language of `text`. `None` if it is too short or
/// the two detectors disagree. Code, addresses and links are not counted.
pub fn detect(text: &str) -> Option<&'static str> {
    let text = prose_of(text);
    let n_letters = text.chars().filter(|it| it.is_alphabetic()).count();
    if n_letters == 0 {
        return None;
    }
    let guess = whatlang::detect(&text)?;
    if let Some(code) = code_of_script(guess.script(), guess.lang(), &text) {
        return Some(code);
    }
    if n_letters < MIN_LETTERS {
        return None;
    }
    let guessed = code_of_guess(guess.lang());
    let voted = code_of_vote(whichlang::detect_language(&text));
    if guessed.is_some() && guessed == voted {
        return guessed;
    }
    // The voting detector knows 16 languages and must name one of them, so for
    // the others the guess stands alone and has to be certain. Where both know
    // the guessed language, the vote is right far more often on short texts.
    match guessed {
        Some(code) if !knows(code) => {
            (guess.is_reliable() && CERTAIN <= guess.confidence()).then_some(code)
        }
        Some(code) if guess.is_reliable() && CERTAIN <= guess.confidence() => {
            if n_letters < 60 {
                voted
            } else {
                Some(code)
            }
        }
        Some(_) | None if guess.confidence() < 0.5 => voted,
        Some(_) | None => None,
    }
}

/// The words of a text: without links, addresses, paths and lines of code.
fn prose_of(text: &str) -> String {
    let mut prose = String::new();
    let mut n_letters = 0;
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            continue;
        }
        if in_code {
            continue;
        }
        for word in line.split_whitespace() {
            let technical = word.contains("://")
                || word.contains(['@', '\\', '_', '{', '}', '=', '<', '>', '|'])
                || word.starts_with("www.")
                || word.starts_with('/')
                || word.chars().any(|it| it.is_ascii_digit());
            if technical {
                continue;
            }
            prose.push_str(word);
            prose.push(' ');
            n_letters += word.chars().count();
            if MAX_LETTERS < n_letters {
                return prose;
            }
        }
    }
    prose
}

/// The language, where the script alone decides it.
fn code_of_script(script: whatlang::Script, guess: Guess, text: &str) -> Option<&'static str> {
    use whatlang::Script;
    match script {
        // Chinese and Japanese share signs; kana is Japanese only.
        Script::Mandarin if text.chars().any(is_kana) => Some("ja"),
        Script::Mandarin => Some("zh"),
        Script::Katakana | Script::Hiragana => Some("ja"),
        Script::Hangul => Some("ko"),
        Script::Greek => Some("el"),
        Script::Thai => Some("th"),
        Script::Georgian => Some("ka"),
        Script::Armenian => Some("hy"),
        Script::Tamil => Some("ta"),
        Script::Bengali => Some("bn"),
        Script::Gujarati => Some("gu"),
        Script::Gurmukhi => Some("pa"),
        Script::Kannada => Some("kn"),
        Script::Malayalam => Some("ml"),
        Script::Telugu => Some("te"),
        Script::Oriya => Some("or"),
        Script::Sinhala => Some("si"),
        Script::Khmer => Some("km"),
        Script::Myanmar => Some("my"),
        Script::Hebrew if guess == Guess::Heb => Some("he"),
        Script::Hebrew
        | Script::Arabic
        | Script::Cyrillic
        | Script::Devanagari
        | Script::Ethiopic
        | Script::Latin => None,
    }
}

fn is_kana(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30ff}')
}

fn code_of_guess(guess: Guess) -> Option<&'static str> {
    Some(match guess {
        Guess::Eng => "en",
        Guess::Deu => "de",
        Guess::Fra => "fr",
        Guess::Spa => "es",
        Guess::Ita => "it",
        Guess::Por => "pt",
        Guess::Nld => "nl",
        Guess::Swe => "sv",
        Guess::Dan => "da",
        Guess::Nob => "no",
        Guess::Fin => "fi",
        Guess::Pol => "pl",
        Guess::Ces => "cs",
        Guess::Slk => "sk",
        Guess::Slv => "sl",
        Guess::Hrv => "hr",
        Guess::Hun => "hu",
        Guess::Ron => "ro",
        Guess::Tur => "tr",
        Guess::Vie => "vi",
        Guess::Ind => "id",
        Guess::Cat => "ca",
        Guess::Est => "et",
        Guess::Lav => "lv",
        Guess::Lit => "lt",
        Guess::Rus => "ru",
        Guess::Ukr => "uk",
        Guess::Bel => "be",
        Guess::Bul => "bg",
        Guess::Srp => "sr",
        Guess::Mkd => "mk",
        Guess::Ara => "ar",
        Guess::Pes => "fa",
        Guess::Urd => "ur",
        Guess::Heb => "he",
        Guess::Yid => "yi",
        Guess::Hin => "hi",
        Guess::Mar => "mr",
        Guess::Nep => "ne",
        Guess::Amh => "am",
        _ => return None,
    })
}

fn code_of_vote(vote: Vote) -> Option<&'static str> {
    Some(match vote {
        Vote::Ara => "ar",
        Vote::Cmn => "zh",
        Vote::Deu => "de",
        Vote::Eng => "en",
        Vote::Fra => "fr",
        Vote::Hin => "hi",
        Vote::Ita => "it",
        Vote::Jpn => "ja",
        Vote::Kor => "ko",
        Vote::Nld => "nl",
        Vote::Por => "pt",
        Vote::Rus => "ru",
        Vote::Spa => "es",
        Vote::Swe => "sv",
        Vote::Tur => "tr",
        Vote::Vie => "vi",
    })
}

/// True for the languages the voting detector can name.
fn knows(code: &str) -> bool {
    whichlang::LANGUAGES.iter().any(|it| code_of_vote(*it) == Some(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_questions_are_told_apart() {
        for (text, code) in [
            ("How do I change the email address of my account?", "en"),
            ("Wie kann ich mein Passwort zurücksetzen?", "de"),
            ("Comment puis-je annuler ma commande ?", "fr"),
            ("¿Cómo puedo cambiar mi dirección de correo?", "es"),
            ("Come posso cambiare la mia password?", "it"),
            ("Como posso alterar a minha senha?", "pt"),
            ("Hoe kan ik mijn wachtwoord wijzigen?", "nl"),
            ("Как мне изменить пароль от учётной записи?", "ru"),
            ("パスワードを変更するにはどうすればいいですか", "ja"),
            ("如何更改我的密码", "zh"),
            ("비밀번호를 어떻게 변경하나요", "ko"),
        ] {
            assert_eq!(detect(text), Some(code), "{text}");
        }
    }

    #[test]
    fn a_greeting_is_too_short_to_tell() {
        assert_eq!(detect("ok"), None);
        assert_eq!(detect("Hallo!"), None);
        assert_eq!(detect(""), None);
        assert_eq!(detect("12345 67890 !!!"), None);
    }

    #[test]
    fn links_and_paths_are_no_language() {
        assert_eq!(detect("https://example.com/this-is-the-way-to-the-page a@example.com"), None);
        let text = "Der Link https://example.com/how-to-reset-the-password-of-your-account \
                    funktioniert leider nicht mehr";
        assert_eq!(detect(text), Some("de"));
    }
}
