import Checkpoints
import Requests

extension SamplingSettings {
    /// The `generator` part of the official YAML, with the official fall-backs for absent keys.
    init(_ node: ConfigurationNode) throws(ConfigurationError) {
        self.init()
        steps = try node.optionalInt("num_steps", in: 1...4_096) ?? 256
        guidanceScale = Float(try node.double("guidance_scale", in: 0...1e4))
        let decay = try node.optionalString("guidance_decay") ?? GuidanceDecay.powerCosine.rawValue
        guard let known = GuidanceDecay(rawValue: decay) else {
            throw .wrongValue(
                path: node.path, key: "model.generator.guidance_decay", found: decay,
                expected: GuidanceDecay.allCases.map(\.rawValue).joined(separator: ", "))
        }
        guidanceDecay = known
        guidancePower = Float(try node.optionalDouble("guidance_scale_pow", in: 0...1e3) ?? 2.75)
        temperature = Float(try node.double("randomize_temperature", in: 0...1e4))
    }
}
