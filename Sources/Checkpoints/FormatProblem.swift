import JSON

/// What is wrong inside a file, as the end of a sentence that starts with the file's name.
struct FormatProblem: Error, Equatable {
    let text: String

    init(_ text: String) {
        self.text = text
    }
}

extension JSONReader<FormatProblem> {
    /// Reads a JSON file, or the header of another.
    init(_ bytes: some Collection<UInt8>) {
        self.init(Array(bytes)) { problem in
            FormatProblem("\(problem.text(quoted: quoted)) (JSON byte \(problem.range.upperBound))")
        }
    }
}

/// Untrusted text as it may stand in an error sentence: printable ASCII as it is, anything else as
/// its number, and at most 80 characters.
func quoted(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        guard result.utf8.count < 80 else { return "'\(result)...'" }
        if (0x20...0x7E).contains(scalar.value) {
            result.unicodeScalars.append(scalar)
        } else {
            result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        }
    }
    return "'\(result)'"
}
