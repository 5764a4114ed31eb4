//! An invoice as a PDF of one page: text in a built-in font, and nothing else.

use super::{Invoice, day, money};

const TOP: i64 = 780;
const STEP: i64 = 18;
const MOST_LINES: usize = 34;

/// The bytes of the document.
pub fn pdf(invoice: &Invoice) -> Vec<u8> {
    let mut content = String::new();
    let mut y = TOP;
    let mut write = |x: i64, size: i64, text: &str| {
        content.push_str(&format!("BT /F1 {size} Tf {x} {y} Td ({}) Tj ET\n", escape(text)));
        if x == 50 {
            y -= STEP;
        }
    };
    write(50, 18, &format!("Invoice {}", invoice.number.as_deref().unwrap_or("(draft)")));
    write(50, 11, &format!("Issued {}", day(invoice.moments.finalized.unwrap_or(invoice.created))));
    write(50, 11, invoice.customer_name.as_deref().unwrap_or_default());
    write(50, 11, invoice.customer_email.as_deref().unwrap_or_default());
    for line in invoice.lines.iter().take(MOST_LINES) {
        write(430, 10, &money(line.amount, &line.currency));
        write(50, 10, &format!("{} ({} - {})", line.description, day(line.start), day(line.end)));
    }
    if invoice.lines.len() > MOST_LINES {
        write(50, 10, &format!("and {} more lines", invoice.lines.len() - MOST_LINES));
    }
    write(430, 11, &money(invoice.total(), &invoice.currency));
    write(50, 11, "Total");
    write(430, 11, &money(invoice.amount_due, &invoice.currency));
    write(50, 11, "Amount due");
    write(50, 11, &format!("Status: {}", invoice.status.word()));
    document(&content)
}

fn document(content: &str) -> Vec<u8> {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}endstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let mut document = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(document.len());
        document.push_str(&format!("{} 0 obj\n{object}\nendobj\n", at + 1));
    }
    let start = document.len();
    document.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    for place in places {
        document.push_str(&format!("{place:010} 00000 n \n"));
    }
    let size = objects.len() + 1;
    document.push_str(&format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"));
    document.into_bytes()
}

/// What the font cannot show becomes a question mark.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match u32::from(c) {
            0x28 | 0x29 | 0x5c => {
                escaped.push('\\');
                escaped.push(c);
            }
            0x20..=0x7e => escaped.push(c),
            code @ 0xa0..=0xff => escaped.push_str(&format!("\\{code:03o}")),
            _ => escaped.push('?'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_places_is_right() {
        let document = String::from_utf8(document("BT ET\n")).unwrap();
        let table = document.rfind("xref\n0 6").unwrap();
        assert!(document.ends_with("%%EOF\n"));
        for (at, line) in document[table..].lines().skip(3).take(5).enumerate() {
            let place: usize = line[..10].parse().unwrap();
            assert!(document[place..].starts_with(&format!("{} 0 obj", at + 1)));
        }
        assert_eq!(escape("1 × (a) ←"), "1 \\327 \\(a\\) ?");
    }
}
