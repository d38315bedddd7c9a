//! Our own words around quotes: greeting, opening, closing. They state no fact
//! and promise nothing but a person.

use jiff::Timestamp;

use crate::draft::Draft;
use crate::draft::Layout;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::draft::Writer;
use crate::hours::Hours;

/// The joints of one language. `{}` is what the line is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joints {
    pub greeting: &'static str,
    /// Names what the customer asked, in their words.
    pub problem: &'static str,
    /// About a title of ours.
    pub opening: &'static str,
    /// Before what another article says.
    pub rival: &'static str,
    /// Asks which of several holds, because the answer differs.
    pub fork: &'static str,
    /// Before what holds for one of them.
    pub meanwhile: &'static str,
    /// In place of a procedure too long for a reply.
    pub elsewhere: &'static str,
    pub closing: &'static str,
    pub sources: &'static str,
    /// In place of a reply, where a customer waits for one.
    pub person: &'static str,
    /// When the team is there again.
    pub back: &'static str,
}

const ENGLISH: Joints = Joints {
    greeting: "Hello,",
    problem: "You wrote: “{}”",
    opening: "About “{}”, our help center says:",
    rival: "It may also be about “{}”:",
    fork: "The answer is not the same for {}. Which one is yours?",
    meanwhile: "For {}:",
    elsewhere: "The whole procedure is in the article named below.",
    closing: "If this does not help, just reply and a person of our team will look into it.",
    sources: "Sources",
    person: "This needs a person of our team.",
    back: "Our team is back on {}.",
};

const ALL: &[(&str, Joints)] = &[
    (
        "de",
        Joints {
            greeting: "Guten Tag!",
            problem: "Sie schreiben: „{}“",
            opening: "Zu „{}“ steht in unserem Hilfebereich:",
            rival: "Vielleicht geht es auch um „{}“:",
            fork: "Die Antwort ist nicht dieselbe für {}. Was davon trifft auf Sie zu?",
            meanwhile: "Für {}:",
            elsewhere: "Die ganze Anleitung steht im unten genannten Artikel.",
            closing: "Wenn das nicht weiterhilft, antworten Sie einfach, dann kümmert sich jemand aus unserem Team darum.",
            sources: "Quellen",
            person: "Das muss jemand aus unserem Team beantworten.",
            back: "Unser Team ist ab {} wieder da.",
        },
    ),
    (
        "fr",
        Joints {
            greeting: "Bonjour,",
            problem: "Vous écrivez : « {} »",
            opening: "À propos de « {} », notre centre d’aide indique :",
            rival: "Il s’agit peut-être aussi de « {} » :",
            fork: "La réponse n’est pas la même pour {}. Lequel est le vôtre ?",
            meanwhile: "Pour {} :",
            elsewhere: "La procédure complète se trouve dans l’article indiqué ci-dessous.",
            closing: "Si cela ne suffit pas, répondez simplement à ce message et une personne de notre équipe prendra le relais.",
            sources: "Sources",
            person: "Une personne de notre équipe doit vous répondre.",
            back: "Notre équipe sera de retour le {}.",
        },
    ),
    (
        "es",
        Joints {
            greeting: "Hola:",
            problem: "Usted escribe: «{}»",
            opening: "Sobre «{}», nuestro centro de ayuda dice:",
            rival: "Quizá se trate también de «{}»:",
            fork: "La respuesta no es la misma para {}. ¿Cuál es su caso?",
            meanwhile: "Para {}:",
            elsewhere: "El procedimiento completo está en el artículo indicado abajo.",
            closing: "Si esto no le ayuda, responda a este mensaje y una persona de nuestro equipo lo revisará.",
            sources: "Fuentes",
            person: "Esto debe responderlo una persona de nuestro equipo.",
            back: "Nuestro equipo vuelve el {}.",
        },
    ),
    (
        "it",
        Joints {
            greeting: "Buongiorno,",
            problem: "Lei scrive: “{}”",
            opening: "A proposito di “{}”, il nostro centro assistenza spiega:",
            rival: "Forse si tratta anche di “{}”:",
            fork: "La risposta non è la stessa per {}. Qual è il suo caso?",
            meanwhile: "Per {}:",
            elsewhere: "La procedura completa è nell’articolo indicato sotto.",
            closing: "Se non basta, risponda a questo messaggio e una persona del nostro team se ne occuperà.",
            sources: "Fonti",
            person: "A questo deve rispondere una persona del nostro team.",
            back: "Il nostro team torna il {}.",
        },
    ),
    (
        "pt",
        Joints {
            greeting: "Olá,",
            problem: "Você escreveu: “{}”",
            opening: "Sobre “{}”, a nossa central de ajuda diz:",
            rival: "Talvez se trate também de “{}”:",
            fork: "A resposta não é a mesma para {}. Qual é o seu caso?",
            meanwhile: "Para {}:",
            elsewhere: "O procedimento completo está no artigo indicado abaixo.",
            closing: "Se isto não ajudar, responda a esta mensagem e uma pessoa da nossa equipe vai verificar.",
            sources: "Fontes",
            person: "Isto precisa ser respondido por uma pessoa da nossa equipe.",
            back: "A nossa equipe volta em {}.",
        },
    ),
    (
        "nl",
        Joints {
            greeting: "Hallo,",
            problem: "U schrijft: “{}”",
            opening: "Over “{}” staat in ons helpcentrum:",
            rival: "Misschien gaat het ook over “{}”:",
            fork: "Het antwoord is niet hetzelfde voor {}. Wat geldt voor u?",
            meanwhile: "Voor {}:",
            elsewhere: "De hele procedure staat in het onderstaande artikel.",
            closing: "Helpt dit niet, antwoord dan gewoon; iemand van ons team kijkt er dan naar.",
            sources: "Bronnen",
            person: "Dit moet iemand van ons team beantwoorden.",
            back: "Ons team is er weer op {}.",
        },
    ),
    (
        "pl",
        Joints {
            greeting: "Dzień dobry,",
            problem: "Treść zgłoszenia: „{}”",
            opening: "O „{}” nasze centrum pomocy pisze:",
            rival: "Być może chodzi też o „{}”:",
            fork: "Odpowiedź nie jest taka sama dla: {}. Co dotyczy Pana/Pani?",
            meanwhile: "Dotyczy: {}",
            elsewhere: "Cała procedura jest opisana w artykule podanym niżej.",
            closing: "Jeśli to nie pomoże, proszę odpowiedzieć na tę wiadomość, a zajmie się tym osoba z naszego zespołu.",
            sources: "Źródła",
            person: "Na to musi odpowiedzieć osoba z naszego zespołu.",
            back: "Nasz zespół wraca {}.",
        },
    ),
    (
        "sv",
        Joints {
            greeting: "Hej,",
            problem: "Du skriver: ”{}”",
            opening: "Om ”{}” står det i vårt hjälpcenter:",
            rival: "Det kan också gälla ”{}”:",
            fork: "Svaret är inte detsamma för {}. Vad gäller för dig?",
            meanwhile: "För {}:",
            elsewhere: "Hela proceduren finns i artikeln som nämns nedan.",
            closing: "Om det inte hjälper är det bara att svara, så tittar någon i vårt team på det.",
            sources: "Källor",
            person: "Det här behöver någon i vårt team svara på.",
            back: "Vårt team är tillbaka {}.",
        },
    ),
    (
        "da",
        Joints {
            greeting: "Hej,",
            problem: "Du skriver: “{}”",
            opening: "Om “{}” står der i vores hjælpecenter:",
            rival: "Det kan også handle om “{}”:",
            fork: "Svaret er ikke det samme for {}. Hvad gælder for dig?",
            meanwhile: "For {}:",
            elsewhere: "Hele fremgangsmåden står i artiklen nedenfor.",
            closing: "Hvis det ikke hjælper, så svar bare, så ser en fra vores team på det.",
            sources: "Kilder",
            person: "Det her skal en fra vores team svare på.",
            back: "Vores team er tilbage {}.",
        },
    ),
    (
        "ja",
        Joints {
            greeting: "お問い合わせありがとうございます。",
            problem: "お問い合わせ内容：「{}」",
            opening: "「{}」について、ヘルプセンターには次のように記載されています。",
            rival: "「{}」に関することかもしれません。",
            fork: "{} で回答が異なります。どちらをお使いですか。",
            meanwhile: "{} の場合：",
            elsewhere: "手順の全体は、下記の記事をご覧ください。",
            closing: "解決しない場合は、このままご返信ください。担当者が確認いたします。",
            sources: "出典",
            person: "この件は担当者が回答いたします。",
            back: "担当者は {} から対応いたします。",
        },
    ),
    (
        "zh",
        Joints {
            greeting: "您好：",
            problem: "您的问题：“{}”",
            opening: "关于“{}”，我们的帮助中心是这样说明的：",
            rival: "也可能与“{}”有关：",
            fork: "{} 的答案各不相同。请问您使用的是哪一种？",
            meanwhile: "适用于 {}：",
            elsewhere: "完整步骤请参阅下面列出的文章。",
            closing: "如果问题仍未解决，请直接回复，我们的同事会跟进处理。",
            sources: "来源",
            person: "这个问题需要由我们的同事来答复。",
            back: "我们的团队将于 {} 恢复工作。",
        },
    ),
    (
        "ko",
        Joints {
            greeting: "안녕하세요,",
            problem: "문의 내용: “{}”",
            opening: "“{}”에 대해 도움말 센터에는 다음과 같이 나와 있습니다.",
            rival: "“{}”에 관한 내용일 수도 있습니다:",
            fork: "{}에 따라 답변이 다릅니다. 어느 쪽에 해당하시나요?",
            meanwhile: "{}의 경우:",
            elsewhere: "전체 절차는 아래 문서에 있습니다.",
            closing: "해결되지 않으면 이 메시지에 답장해 주세요. 담당자가 확인하겠습니다.",
            sources: "출처",
            person: "이 문의는 담당자가 답변해야 합니다.",
            back: "담당자는 {}부터 다시 근무합니다.",
        },
    ),
];

/// The joints of a language, English where there are none.
pub(super) fn joints(language: Option<&str>) -> Joints {
    let found = ALL.iter().find(|(code, _)| language == Some(code));
    found.map_or(ENGLISH, |(_, joints)| *joints)
}

/// What a customer who waits is told where a person has to answer, and when the team is
/// there again if it is not now. Promises nothing else.
#[must_use]
pub fn for_a_person(language: Option<&str>, hours: &Hours, now: Timestamp) -> String {
    let Joints { person, back, .. } = joints(language);
    let next = hours.next_open(now).filter(|it| *it != now);
    match next {
        Some(next) => format!("{person} {}", about(back, &hours.said(next))),
        None => person.to_owned(),
    }
}

/// The same as a message of its own.
#[must_use]
pub fn handing_over(language: Option<&str>, hours: &Hours, now: Timestamp) -> Draft {
    let greeting = line(joints(language).greeting.to_owned());
    Draft {
        sentences: vec![greeting, line(for_a_person(language, hours, now))],
        citations: Vec::new(),
        written_by: Writer::Extractive,
        asks_back: false,
        language: language.map(str::to_owned),
    }
}

/// The greeting and the closing of a reply.
pub(crate) fn around(language: Option<&str>) -> [Sentence; 2] {
    let Joints { greeting, closing, .. } = joints(language);
    [greeting, closing].map(|it| line(it.to_owned()))
}

fn line(text: String) -> Sentence {
    let layout = Layout::Paragraph;
    Sentence { text, cites: Vec::new(), kind: SentenceKind::Joint, layout }
}

/// A line about something.
pub(super) fn about(line: &str, what: &str) -> String {
    line.replace("{}", what.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn out_of_hours_a_customer_is_told_when_the_team_is_back() {
        let office = Hours::parse("UTC", &["mon-fri 09:00-17:00".to_owned()], &[]).unwrap();
        let at = |text: &str| text.parse().unwrap();
        let noon = for_a_person(Some("en"), &office, at("2026-11-27T12:00:00Z"));
        assert_eq!(noon, "This needs a person of our team.");
        let saturday = at("2026-11-28T12:00:00Z");
        assert_eq!(
            for_a_person(Some("en"), &office, saturday),
            "This needs a person of our team. Our team is back on 2026-11-30 09:00 UTC."
        );
        for (code, joints) in ALL {
            let told = for_a_person(Some(code), &office, saturday);
            assert!(told.contains("2026-11-30 09:00") && joints.back.contains("{}"), "{told}");
        }
        let never = for_a_person(None, &Hours::default(), saturday);
        assert_eq!(never, "This needs a person of our team.", "without hours nothing is told");
    }
}
