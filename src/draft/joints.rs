//! Our own words around quotes: greeting, opening, closing. They state no fact
//! and promise nothing but a person.

/// The joints of one language. `{}` in `opening` is the topic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joints {
    pub greeting: &'static str,
    pub opening: &'static str,
    pub closing: &'static str,
    pub sources: &'static str,
}

const ENGLISH: Joints = Joints {
    greeting: "Hello,",
    opening: "About “{}”, our help center says:",
    closing: "If this does not help, just reply and a person of our team will look into it.",
    sources: "Sources",
};

const ALL: &[(&str, Joints)] = &[
    (
        "de",
        Joints {
            greeting: "Guten Tag!",
            opening: "Zu „{}“ steht in unserem Hilfebereich:",
            closing: "Wenn das nicht weiterhilft, antworten Sie einfach, dann kümmert sich jemand aus unserem Team darum.",
            sources: "Quellen",
        },
    ),
    (
        "fr",
        Joints {
            greeting: "Bonjour,",
            opening: "À propos de « {} », notre centre d’aide indique :",
            closing: "Si cela ne suffit pas, répondez simplement à ce message et une personne de notre équipe prendra le relais.",
            sources: "Sources",
        },
    ),
    (
        "es",
        Joints {
            greeting: "Hola:",
            opening: "Sobre «{}», nuestro centro de ayuda dice:",
            closing: "Si esto no le ayuda, responda a este mensaje y una persona de nuestro equipo lo revisará.",
            sources: "Fuentes",
        },
    ),
    (
        "it",
        Joints {
            greeting: "Buongiorno,",
            opening: "A proposito di “{}”, il nostro centro assistenza spiega:",
            closing: "Se non basta, risponda a questo messaggio e una persona del nostro team se ne occuperà.",
            sources: "Fonti",
        },
    ),
    (
        "pt",
        Joints {
            greeting: "Olá,",
            opening: "Sobre “{}”, a nossa central de ajuda diz:",
            closing: "Se isto não ajudar, responda a esta mensagem e uma pessoa da nossa equipe vai verificar.",
            sources: "Fontes",
        },
    ),
    (
        "nl",
        Joints {
            greeting: "Hallo,",
            opening: "Over “{}” staat in ons helpcentrum:",
            closing: "Helpt dit niet, antwoord dan gewoon; iemand van ons team kijkt er dan naar.",
            sources: "Bronnen",
        },
    ),
    (
        "pl",
        Joints {
            greeting: "Dzień dobry,",
            opening: "O „{}” nasze centrum pomocy pisze:",
            closing: "Jeśli to nie pomoże, proszę odpowiedzieć na tę wiadomość, a zajmie się tym osoba z naszego zespołu.",
            sources: "Źródła",
        },
    ),
    (
        "sv",
        Joints {
            greeting: "Hej,",
            opening: "Om ”{}” står det i vårt hjälpcenter:",
            closing: "Om det inte hjälper är det bara att svara, så tittar någon i vårt team på det.",
            sources: "Källor",
        },
    ),
    (
        "da",
        Joints {
            greeting: "Hej,",
            opening: "Om “{}” står der i vores hjælpecenter:",
            closing: "Hvis det ikke hjælper, så svar bare, så ser en fra vores team på det.",
            sources: "Kilder",
        },
    ),
    (
        "ja",
        Joints {
            greeting: "お問い合わせありがとうございます。",
            opening: "「{}」について、ヘルプセンターには次のように記載されています。",
            closing: "解決しない場合は、このままご返信ください。担当者が確認いたします。",
            sources: "出典",
        },
    ),
    (
        "zh",
        Joints {
            greeting: "您好：",
            opening: "关于“{}”，我们的帮助中心是这样说明的：",
            closing: "如果问题仍未解决，请直接回复，我们的同事会跟进处理。",
            sources: "来源",
        },
    ),
    (
        "ko",
        Joints {
            greeting: "안녕하세요,",
            opening: "“{}”에 대해 도움말 센터에는 다음과 같이 나와 있습니다.",
            closing: "해결되지 않으면 이 메시지에 답장해 주세요. 담당자가 확인하겠습니다.",
            sources: "출처",
        },
    ),
];

/// The joints of a language, English where there are none.
pub(super) fn joints(language: Option<&str>) -> Joints {
    let found = ALL.iter().find(|(code, _)| language == Some(code));
    found.map_or(ENGLISH, |(_, joints)| *joints)
}

/// The opening line about a topic. The topic is ours (a title), never the customer's.
pub(super) fn opening(joints: Joints, topic: &str) -> String {
    joints.opening.replace("{}", topic.trim())
}
