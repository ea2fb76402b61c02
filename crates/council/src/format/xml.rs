//! Text within XML.

use std::fmt::Write;

/// The declaration with which every part of an Office file begins.
pub(crate) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// With everything escaped that would end the text or attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            other => result.push(other),
        }
    }
    result
}

/// The `docProps/core.xml` part, which Word and Excel share.
pub(crate) fn core_properties(title: &str, author: &str, created: &str, revision: u32) -> String {
    let (title, author) = (escaped(title), escaped(author));
    format!(
        "{DECLARATION}<cp:coreProperties \
         xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <dc:title>{title}</dc:title><dc:creator>{author}</dc:creator>\
         <cp:lastModifiedBy>{author}</cp:lastModifiedBy><cp:revision>{revision}</cp:revision>\
         <dcterms:created xsi:type=\"dcterms:W3CDTF\">{created}</dcterms:created>\
         <dcterms:modified xsi:type=\"dcterms:W3CDTF\">{created}</dcterms:modified></cp:coreProperties>"
    )
}

/// The `docProps/app.xml` part.
pub(crate) fn application_properties(application: &str) -> String {
    format!(
        "{DECLARATION}<Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties\">\
         <Application>{application}</Application><Company>{}</Company><AppVersion>16.0000</AppVersion></Properties>",
        crate::people::COUNCIL_NAME
    )
}

/// The `[Content_Types].xml` part: file endings and parts with their media types.
pub(crate) fn content_types(defaults: &[(&str, &str)], parts: &[(String, &str)]) -> String {
    let mut text =
        format!("{DECLARATION}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">");
    // Writing to a string cannot fail.
    for (ending, media_type) in defaults {
        let _ = write!(text, "<Default Extension=\"{ending}\" ContentType=\"{media_type}\"/>");
    }
    for (part, media_type) in parts {
        let _ = write!(text, "<Override PartName=\"/{part}\" ContentType=\"{media_type}\"/>");
    }
    text + "</Types>"
}

/// A `.rels` part: the kind of each relationship and its target, numbered rId1, rId2 and so on.
pub(crate) fn relationships(targets: &[(&str, String)]) -> String {
    let mut text =
        format!("{DECLARATION}<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">");
    for (index, (kind, target)) in targets.iter().enumerate() {
        let family = if kind.starts_with("metadata/") {
            "package/2006/relationships"
        } else {
            "officeDocument/2006/relationships"
        };
        let _ = write!(
            text,
            "<Relationship Id=\"rId{}\" \
             Type=\"http://schemas.openxmlformats.org/{family}/{kind}\" Target=\"{target}\"/>",
            index + 1
        );
    }
    text + "</Relationships>"
}

/// The `_rels/.rels` part of an Office file whose main part is this.
pub(crate) fn package_relationships(main_part: &str) -> String {
    relationships(&[
        ("officeDocument", main_part.to_owned()),
        ("metadata/core-properties", "docProps/core.xml".to_owned()),
        ("extended-properties", "docProps/app.xml".to_owned()),
    ])
}

/// The media types that every Office file declares.
pub(crate) const DEFAULT_TYPES: [(&str, &str); 3] = [
    ("rels", "application/vnd.openxmlformats-package.relationships+xml"),
    ("xml", "application/xml"),
    ("jpeg", "image/jpeg"),
];

/// The media types of the properties that every Office file has.
pub(crate) fn property_types() -> Vec<(String, &'static str)> {
    vec![
        ("docProps/core.xml".to_owned(), "application/vnd.openxmlformats-package.core-properties+xml"),
        ("docProps/app.xml".to_owned(), "application/vnd.openxmlformats-officedocument.extended-properties+xml"),
    ]
}
