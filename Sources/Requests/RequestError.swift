/// Why a request cannot be carried out with a model.
public enum RequestError: Error, Equatable, Sendable, CustomStringConvertible {
    case size(width: Int, height: Int, multiple: Int, limit: Int)
    case steps(Int, limit: Int)
    case residualSteps(Int, limit: Int)
    case guidance(Float)
    case temperature(Float)
    case residualGuidance(Float)
    case residualTemperature(Float)
    case strength(Float)
    case emptyMask
    case maskSize(width: Int, height: Int, expectedWidth: Int, expectedHeight: Int)
    case tokens(found: Int, expected: Int)
    case tokenID(Int, codebookSize: Int)
    case tokenPlace(Int, count: Int)
    case tokenKept(Int)
    case noStepLeft(Int)
    case tokensMasked(Int)
    case grid(String)
    case axis(String)
    case expansion(limit: Int)
    case sheetPrompt
    case promptLength(Int)
    case emptyPart
    case unknownWord(String, of: String, known: [String])

    public var description: String {
        switch self {
        case .size(let width, let height, let multiple, let limit):
            "The size \(width)x\(height) does not fit this model; each side must be a multiple of "
                + "\(multiple) from \(multiple) to \(limit)."
        case .steps(let steps, let limit):
            "The number of steps is \(steps); it must be from 1 to \(limit)."
        case .residualSteps(let steps, let limit):
            "The number of residual steps is \(steps); it must be from 1 to \(limit)."
        case .guidance(let scale):
            "The guidance scale is \(scale); it must be from \(Self.words(RequestLimits.guidanceScale))."
        case .temperature(let value):
            "The temperature is \(value); it must be from \(Self.words(RequestLimits.temperature))."
        case .residualGuidance(let scale):
            "The residual guidance scale is \(scale); it must be from "
                + "\(Self.words(RequestLimits.guidanceScale))."
        case .residualTemperature(let value):
            "The residual temperature is \(value); it must be from "
                + "\(Self.words(RequestLimits.residualTemperature))."
        case .strength(let value):
            "The residual strength is \(value); it must be from "
                + "\(Self.words(RequestLimits.residualStrength))."
        case .emptyMask: "The mask selects nothing; mark what is to be painted anew."
        case .maskSize(let width, let height, let expectedWidth, let expectedHeight):
            "The mask is \(width)x\(height) pixels; it must be \(expectedWidth)x\(expectedHeight), "
                + "as the picture is."
        case .tokens(let found, let expected):
            "There are \(found) tokens; this picture needs \(expected)."
        case .tokenID(let id, let size):
            "Token id \(id) is not in this model's codebook of \(size) entries."
        case .tokenPlace(let place, let count):
            "There is no token \(place); this picture's are 0 to \(count - 1)."
        case .tokenKept(let place):
            "Token \(place) is of the part that the edit keeps; choose one that it makes anew."
        case .tokensMasked(let count):
            "\(count) tokens are still masked; go on with the run before its pixels are made."
        case .noStepLeft(let place):
            "Token \(place) cannot be masked after the last step; no step is left to fix it."
        case .grid(let problem): "The token grid does not fit: \(problem)."
        case .axis(let problem): "A side of the sheet cannot be read: \(problem)."
        case .expansion(let limit):
            "The prompt stands for more than \(limit) pictures; leave some {a|b} out."
        case .promptLength(let bytes):
            "A prompt has \(bytes) bytes; it may have at most \(RequestLimits.promptBytes)."
        case .emptyPart: "A part of {a|b} leaves the prompt empty; say what the picture shows."
        case .unknownWord(let word, let what, let known):
            "The picture names the \(what) \"\(word.prefix(40))\", which this version does not know; it "
                + "knows \(known.joined(separator: ", "))."
        case .sheetPrompt:
            "A sheet's pictures have one prompt each; instead of {a|b}, let a side change it, such as "
                + "prompt=a fox,a bear."
        }
    }

    /// Such as `0 to 1.5`.
    private static func words(_ range: ClosedRange<Double>) -> String {
        func shown(_ end: Double) -> String {
            end == end.rounded() ? String(Int(end)) : String(end)
        }
        return "\(shown(range.lowerBound)) to \(shown(range.upperBound))"
    }
}
