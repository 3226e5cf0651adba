//! Numbers as people and other languages write them.

/// Whether JSON has this number.
pub(crate) fn is_strict(token: &[u8]) -> bool {
    let unsigned = token.strip_prefix(b"-").unwrap_or(token);
    if unsigned == b"Infinity" || token == b"NaN" {
        return true;
    }
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(unsigned);
    if whole == 0 || (whole > 1 && unsigned[0] == b'0') {
        return false;
    }
    let mut rest = &unsigned[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+")).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// The number that `token` is, as JSON has it: with a plus, without a digit before or behind its point, with
/// underscores or thousands separators, with leading zeros, hexadecimal.
pub(crate) fn mend(token: &[u8]) -> Option<String> {
    let token = std::str::from_utf8(token).ok()?;
    let (sign, unsigned) = match token.as_bytes().first()? {
        b'+' => ("", &token[1..]),
        b'-' => ("-", &token[1..]),
        _ => ("", token),
    };
    if unsigned == "Infinity" {
        return Some(format!("{sign}{unsigned}"));
    }
    if let Some(hex) = unsigned.strip_prefix("0x").or(unsigned.strip_prefix("0X")) {
        let digits = ungrouped(hex, u8::is_ascii_hexdigit)?;
        return u128::from_str_radix(&digits, 16).ok().map(|value| format!("{sign}{value}"));
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => unsigned.split_at(at),
        None => (unsigned, ""),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| {
        if part.is_empty() { Some(String::new()) } else { ungrouped(part, u8::is_ascii_digit) }
    };
    let whole = if whole.contains(',') { thousands(whole)? } else { digits(whole)? };
    let fraction = match fraction {
        Some(fraction) => Some(digits(fraction)?),
        None => None,
    };
    if whole.is_empty() && fraction.as_deref().is_none_or(str::is_empty) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = match fraction.as_deref() {
        Some("") => ".0".to_owned(),
        Some(digits) => format!(".{digits}"),
        None => String::new(),
    };
    let mended = format!("{sign}{whole}{fraction}{exponent}");
    is_strict(mended.as_bytes()).then_some(mended)
}

/// The digits without the single underscores between them.
fn ungrouped(digits: &str, is_digit: impl Fn(&u8) -> bool) -> Option<String> {
    let grouped = digits.split('_').all(|group| !group.is_empty() && group.as_bytes().iter().all(&is_digit));
    grouped.then(|| digits.replace('_', ""))
}

/// The digits without the commas between groups of three.
fn thousands(digits: &str) -> Option<String> {
    let mut groups = digits.split(',');
    let first = groups.next()?;
    let is_group = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let grouped = (1..=3).contains(&first.len())
        && is_group(first)
        && !first.starts_with('0')
        && groups.all(|group| group.len() == 3 && is_group(group));
    grouped.then(|| digits.replace(',', ""))
}

/// Whether the text of a string is a number with thousands separators.
pub(crate) fn mend_text(text: &str) -> Option<String> {
    let trimmed = text.trim();
    if trimmed.contains(',') { mend(trimmed.as_bytes()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_mended() {
        for (token, mended) in [
            ("+1", Some("1")),
            (".5", Some("0.5")),
            ("-.5", Some("-0.5")),
            ("1.", Some("1.0")),
            ("2.e3", Some("2.0e3")),
            ("1_000", Some("1000")),
            ("1_000.5", Some("1000.5")),
            ("1__0", None),
            ("_1", None),
            ("0x10", Some("16")),
            ("-0XfF", Some("-255")),
            ("0x", None),
            ("007", Some("7")),
            ("000", Some("0")),
            ("-00.5", Some("-0.5")),
            ("1,234", Some("1234")),
            ("1,234,567.5", Some("1234567.5")),
            ("12,34", None),
            ("0,123", None),
            ("+Infinity", Some("Infinity")),
            ("1e", None),
            ("--1", None),
            (".", None),
            ("...", None),
            ("1.2.3", None),
            ("1-2", None),
            ("", None),
        ] {
            assert_eq!(mend(token.as_bytes()).as_deref(), mended, "{token}");
        }
    }

    #[test]
    fn strict_numbers_are_known() {
        for token in ["0", "-0", "10.25", "1e5", "1E+5", "1.5e-7", "NaN", "Infinity", "-Infinity"] {
            assert!(is_strict(token.as_bytes()), "{token}");
        }
        for token in ["", "-", "01", "+1", "1.", ".5", "1e", "1e+", "0x1", "1_0", "-NaN", "1a"] {
            assert!(!is_strict(token.as_bytes()), "{token}");
        }
    }
}
