//! Questions as a page, the answers folded.

use maud::{Markup, html};

use super::{Question, Quiz};
use crate::summary::{PageShell, shell};

/// The letter of a choice.
pub(super) fn letter(at: usize) -> char {
    char::from(b'A' + u8::try_from(at % 26).unwrap_or(0))
}

pub(super) fn page(quiz: &Quiz) -> String {
    let description =
        format!("{} questions, each answer checked against both editions.", quiz.questions.len());
    let body = html! {
        a.skip href="#main" { "Skip to the questions" }
        header.top {
            p.kicker { "Questions" }
            h1 { (quiz.title) }
            p.deck { (description) }
        }
        div.page.single {
            main #main tabindex="-1" {
                h2.visually-hidden { "Questions" }
                ol.cards { @for (i, question) in quiz.questions.iter().enumerate() { (card(i + 1, question)) } }
            }
        }
        footer {
            @for line in &quiz.attributions { p { (line) } }
            p { "Made with xwalk " (env!("CARGO_PKG_VERSION")) "." }
        }
    };
    shell(&PageShell { title: &quiz.title, description: &description, script: None, body })
}

fn card(number: usize, question: &Question) -> Markup {
    html! {
        li.card {
            h3 { (number) ". " span.title { (question.prompt) } }
            @if !question.choices.is_empty() {
                ol type="A" { @for choice in &question.choices { li.title { (choice) } } }
            }
            details {
                summary { "Answer" }
                p.answer {
                    @if !question.choices.is_empty() { b { (letter(question.right)) ". " } }
                    span.title { (question.answer) }
                }
            }
        }
    }
}
