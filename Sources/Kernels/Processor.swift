import CKernels
import COneDNN
import Foundation

/// What this machine's processor offers.
public enum Processor {
    /// Cores, not hardware threads, that this process may use.
    public static let physicalCores: Int = {
        let allowed = max(1, ProcessInfo.processInfo.activeProcessorCount)
        var cores: Set<String> = []
        for index in 0..<ProcessInfo.processInfo.processorCount {
            let path = "/sys/devices/system/cpu/cpu\(index)/topology/thread_siblings_list"
            guard let siblings = try? String(contentsOfFile: path, encoding: .ascii) else {
                return allowed
            }
            cores.insert(siblings)
        }
        return max(1, min(allowed, cores.count))
    }()

    /// True when the processor multiplies matrices in this precision, faster than in any wider one.
    public static func has(_ precision: Precision) -> Bool {
        let isa = dnnl_get_effective_cpu_isa().rawValue
        func offers(_ needed: dnnl_cpu_isa_t) -> Bool { isa & needed.rawValue == needed.rawValue }
        return switch precision {
        case .float32: true
        case .bfloat16: offers(dnnl_cpu_isa_avx512_core_bf16)
        // Together with bfloat16, which the layers use that are not made integers.
        case .int8:
            offers(dnnl_cpu_isa_avx512_core_vnni) && offers(dnnl_cpu_isa_avx512_core_bf16)
        }
    }

    /// True when vectors of sixteen float32 numbers are one instruction.
    static var hasWideVectors: Bool {
        let needed = dnnl_cpu_isa_avx512_core.rawValue
        return dnnl_get_effective_cpu_isa().rawValue & needed == needed
    }

    /// True when there are registers of whole matrices and the system lets this process use them.
    static let hasTiles: Bool = {
        #if arch(x86_64)
            let needed = dnnl_cpu_isa_avx512_core_amx.rawValue
            return dnnl_get_effective_cpu_isa().rawValue & needed == needed
                && dcar_allow_tiles() != 0
        #else
            return false
        #endif
    }()

    /// The widest vector instructions that oneDNN uses here, as a person writes them.
    public static var vectorInstructions: String {
        switch dnnl_get_effective_cpu_isa() {
        case dnnl_cpu_isa_sse41: "SSE4.1"
        case dnnl_cpu_isa_avx: "AVX"
        case dnnl_cpu_isa_avx2: "AVX2"
        case dnnl_cpu_isa_avx2_vnni: "AVX2 with VNNI"
        case dnnl_cpu_isa_avx512_core: "AVX-512"
        case dnnl_cpu_isa_avx512_core_vnni: "AVX-512 with VNNI"
        case dnnl_cpu_isa_avx512_core_bf16: "AVX-512 with VNNI and bfloat16"
        case dnnl_cpu_isa_avx512_core_amx: "AMX"
        default: "unknown"
        }
    }
}
