// The page's own words. What people and the bot say is theirs and is never translated here.

const WORDS = {
  de: {
    skip: "Zu den Chats",
    what: "Ein kleines Telegram auf diesem Rechner; nichts verlässt ihn.",
    clock: "Uhr der Demo",
    now: "Es ist",
    hour: "+1 Stunde",
    day: "+1 Tag",
    next: "Nächstes Ereignis",
    nothing: "nichts geplant",
    moving: "Die Uhr wird vorgestellt …",
    moved: "Es ist jetzt",
    other: "English",
    log: "Nachrichten",
    write: "Nachricht an den Bot",
    draft: "Nachricht",
    send: "Senden",
    commands: "Befehle",
    noCommands: "Der Bot hat noch keine Befehle angemeldet.",
    start: "Starten",
    empty: "Noch keine Nachrichten.",
    readonly: "In diesem Kanal schreibt nur der Bot.",
    edited: "bearbeitet",
    pinned: "angeheftet",
    mine: "Ich:",
    fresh: "neu",
    more: "Mehr anzeigen",
    less: "Weniger anzeigen",
    hidden: "Verdeckter Text, zum Lesen drücken",
    newTab: "öffnet in einem neuen Tab",
    picture: "Bild",
    enlarge: "Bild vergrößern:",
    download: "Datei herunterladen:",
    shut: "Schließen",
    who: "Als wer öffnen?",
    cancel: "Abbrechen",
    as: "öffnen als …",
    lost: "Keine Verbindung zur Demo. Läuft das Programm noch?",
    failed: "Das ging nicht.",
    failedOpen: "Dieser Link führt nicht zu diesem Bot.",
    failedPress: "Der Bot hat nicht geantwortet.",
    join: "Bot als Administrator hinzufügen",
    absent: "Der Bot ist nicht in diesem Kanal.",
    oclock: " Uhr",
  },
  en: {
    skip: "Skip to the chats",
    what: "A small Telegram on this computer; nothing leaves it.",
    clock: "Clock of the demo",
    now: "It is",
    hour: "+1 hour",
    day: "+1 day",
    next: "Next event",
    nothing: "nothing planned",
    moving: "Moving the clock …",
    moved: "It is now",
    other: "Deutsch",
    log: "Messages",
    write: "Message to the bot",
    draft: "Message",
    send: "Send",
    commands: "Commands",
    noCommands: "The bot has not registered any commands yet.",
    start: "Start",
    empty: "No messages yet.",
    readonly: "Only the bot writes in this channel.",
    edited: "edited",
    pinned: "pinned",
    mine: "Me:",
    fresh: "new",
    more: "Show more",
    less: "Show less",
    hidden: "Hidden text, press to read",
    newTab: "opens in a new tab",
    picture: "Picture",
    enlarge: "Enlarge picture:",
    download: "Download file:",
    shut: "Close",
    who: "Open as whom?",
    cancel: "Cancel",
    as: "open as …",
    lost: "No connection to the demo. Is the program still running?",
    failed: "That did not work.",
    failedOpen: "This link does not lead to this bot.",
    failedPress: "The bot did not answer.",
    join: "Add the bot as administrator",
    absent: "The bot is not in this channel.",
    oclock: "",
    Koordination: "Coordination",
    Ansprechperson: "Contact person",
    Stellvertretung: "Deputy",
    Beteiligte: "Participant",
    Koordinationskanal: "Coordination channel",
  },
};
const LOCALES = { de: "de-DE", en: "en-GB" };
const OTHER = { de: "en", en: "de" };
// The demo is about German municipalities: their time, wherever the visitor's computer believes to be.
const timeZone = "Europe/Berlin";

let language = stored() in WORDS ? stored() : "de";

function stored() {
  try {
    return localStorage.getItem("dreiklang.language") ?? "de";
  } catch {
    return "de"; // a browser may forbid storage; then the choice lasts as long as the page
  }
}

export const chosen = () => language;

export const word = (key) => WORDS[language][key] ?? key;

export function change() {
  language = OTHER[language];
  try {
    localStorage.setItem("dreiklang.language", language);
  } catch {
    // see stored()
  }
}

export function paint(root) {
  document.documentElement.lang = language;
  for (const node of root.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of root.querySelectorAll("[data-label]")) node.setAttribute("aria-label", word(node.dataset.label));
}

const format = (moment, options) =>
  new Intl.DateTimeFormat(LOCALES[language], { timeZone, ...options }).format(moment);

export const time = (moment) => format(moment, { hour: "2-digit", minute: "2-digit" });

export const day = (moment) => format(moment, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

export const full = (moment) => `${day(moment)}, ${time(moment)}${word("oclock")}`;

export const brief = (moment) =>
  `${format(moment, { weekday: "short", day: "numeric", month: "short" })}, ${time(moment)}`;
