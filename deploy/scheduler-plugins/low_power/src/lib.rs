//! A plugin of one's own in WebAssembly: nodes that draw less power score higher. A node says what it draws by the
//! label `example.com/watts`; one that does not, or draws as much as the argument `maximum` (1000) or more, scores 0.
//! A pod with the annotation `example.com/needs-watts-label: "true"` is kept off nodes without the label.
//!
//! Questions come as JSON text in memory that `alloc` gave. Three values are all that is read of it, so they are looked
//! for in the text; a larger plugin would bring a JSON library.

use std::alloc::Layout;

const WATTS: &str = "\"example.com/watts\":\"";
const NEEDS: &str = "\"example.com/needs-watts-label\":\"true\"";
const MAXIMUM: &str = "\"maximum\":";
const REFUSAL: &str = "\"node(s) did not say what power they draw\"";

/// Room for a question; it is given back by the call that reads it.
#[no_mangle]
pub extern "C" fn alloc(length: usize) -> *mut u8 {
    match Layout::from_size_align(length.max(1), 1) {
        // SAFETY: the layout is never empty.
        Ok(layout) => unsafe { std::alloc::alloc(layout) },
        Err(_) => std::ptr::null_mut(),
    }
}

#[no_mangle]
pub extern "C" fn name(_pointer: usize, _length: usize) -> u64 {
    answer("\"LowPower\"")
}

#[no_mangle]
pub extern "C" fn filter(pointer: *mut u8, length: usize) -> u64 {
    let question = take(pointer, length);
    if question.contains(NEEDS) && watts(&question).is_none() {
        return answer(REFUSAL);
    }
    0
}

#[no_mangle]
pub extern "C" fn score(pointer: *mut u8, length: usize) -> u64 {
    let question = take(pointer, length);
    let maximum = number_after(&question, MAXIMUM).unwrap_or(1000).max(1);
    let score = match watts(&question) {
        Some(watts) if watts < maximum => (maximum - watts) * 100 / maximum,
        _ => 0,
    };
    answer(&score.to_string())
}

/// Labels come after the pod: a pod that has the same text as an annotation does not count.
fn watts(question: &str) -> Option<u64> {
    let node = question.find("\"node\":").map_or("", |at| &question[at..]);
    number_after(node, WATTS)
}

fn number_after(text: &str, key: &str) -> Option<u64> {
    let start = text.find(key)? + key.len();
    let digits: String = text[start..].chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The question's text; its memory is freed when that is dropped.
fn take(pointer: *mut u8, length: usize) -> String {
    // SAFETY: the pointer is one that `alloc` gave for this very length.
    let bytes = unsafe { Vec::from_raw_parts(pointer, length, length.max(1)) };
    String::from_utf8(bytes).unwrap_or_default()
}

/// The pointer in the upper half, the length in the lower; the text stays until the next answer.
fn answer(text: &str) -> u64 {
    static ANSWER: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());
    let Ok(mut kept) = ANSWER.lock() else { return 0 };
    kept.clear();
    kept.extend_from_slice(text.as_bytes());
    (kept.as_ptr() as u64) << 32 | kept.len() as u64
}
