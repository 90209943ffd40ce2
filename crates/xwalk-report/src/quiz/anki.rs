//! Cards as a CSV that Anki imports (File > Import), with the header lines it understands.
//!
//! Source: Anki Manual, Importing, Text Files, File Headers.

use std::io;

use super::{Question, Quiz};

/// Text as HTML, since the file says that its fields are.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Separators in the header would end it; a deck name holds none.
fn deck(title: &str) -> String {
    title.chars().filter(|c| !c.is_control()).collect::<String>().replace("::", ":")
}

fn front(question: &Question) -> String {
    let mut text = plain(&question.prompt);
    if !question.choices.is_empty() {
        text.push_str("<ol type=\"A\">");
        for choice in &question.choices {
            text.push_str("<li>");
            text.push_str(&plain(choice));
            text.push_str("</li>");
        }
        text.push_str("</ol>");
    }
    text
}

fn back(question: &Question) -> String {
    match question.choices.get(question.right) {
        Some(_) => format!("<b>{}</b>: {}", super::page::letter(question.right), plain(&question.answer)),
        None => plain(&question.answer),
    }
}

pub(super) fn write(quiz: &Quiz, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "#separator:Comma\n#html:true\n#notetype:Basic\n#deck:{}", deck(&quiz.title))?;
    writeln!(out, "#columns:Front,Back,Tags\n#tags column:3")?;
    let mut table = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(out);
    for question in &quiz.questions {
        let chapter = if question.chapter.is_empty() {
            String::new()
        } else {
            format!(" chapter-{}", question.chapter)
        };
        let (front, back) = (front(question), back(question));
        table.write_record([
            &*crate::safe_cell(&front),
            &*crate::safe_cell(&back),
            &format!("{}{chapter}", question.topic),
        ])?;
    }
    table.flush()
}
