// swift-tools-version: 6.1
import PackageDescription

/// Every target is Swift 6 with strict concurrency; a target imports only targets listed above it.
let package = Package(
    name: "dcar-studio",
    products: [
        .executable(name: "dcar", targets: ["dcar"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2")
    ],
    targets: [
        .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
        .target(
            name: "CPNG", linkerSettings: [.linkedLibrary("png16"), .linkedLibrary("z")]),
        .target(name: "CKernels"),
        .target(
            name: "CNcurses",
            linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
        .target(name: "JSON"),
        .target(name: "Tensors"),
        .target(
            name: "Kernels", dependencies: ["CKernels", "COneDNN", "COpenBLAS", "Tensors"],
            exclude: ["Measurements.md"]),
        .target(
            name: "Checkpoints",
            dependencies: [
                "JSON", "Tensors", "Yams", .product(name: "Crypto", package: "swift-crypto")
            ]),
        .target(name: "Layers", dependencies: ["Checkpoints", "Kernels", "Tensors"]),
        .target(
            name: "TextEncoding",
            dependencies: ["Checkpoints", "JSON", "Kernels", "Layers", "Tensors"]),
        .target(
            name: "HybridTokens", dependencies: ["Checkpoints", "Kernels", "Layers", "Tensors"]),
        .target(name: "Requests"),
        .target(
            name: "Generation",
            dependencies: [
                "CKernels", "Checkpoints", "Kernels", "Layers", "Requests", "Tensors"
            ]),
        .target(name: "Imaging", dependencies: ["CPNG", "JSON"]),
        .target(
            name: "Assets", path: "Assets",
            exclude: ["Pictures", "Storybook/MODEL_CARD.md", "Storybook/recipe"],
            sources: ["EmbeddedModel.swift"], resources: [.copy("Storybook/storybook")]),
        .target(
            name: "Pipeline",
            dependencies: [
                "Checkpoints", "Generation", "HybridTokens", "Imaging", "Kernels", "Layers",
                "Requests", "Tensors", "TextEncoding",
                .product(name: "Crypto", package: "swift-crypto")
            ]),
        .target(
            name: "Verification",
            dependencies: [
                "Checkpoints", "Generation", "HybridTokens", "Kernels", "Layers", "Pipeline",
                "Requests", "Tensors", "TextEncoding"
            ]),
        .target(name: "TerminalGraphics", dependencies: ["CKernels", "Imaging"]),
        .target(
            name: "Settings",
            dependencies: ["Imaging", "Kernels", "Requests", "TerminalGraphics"]),
        .target(
            name: "StudioCore",
            dependencies: ["Imaging", "Requests", "Settings", "TerminalGraphics"]),
        .target(
            name: "Library",
            dependencies: [
                "Imaging", "StudioCore", .product(name: "GRDB", package: "GRDB.swift")
            ]),
        .target(
            name: "StudioViews",
            dependencies: ["Imaging", "Requests", "Settings", "StudioCore", "TerminalGraphics"]),
        .target(
            name: "StudioShell",
            dependencies: [
                "CNcurses", "Generation", "HybridTokens", "Imaging", "Kernels", "Layers", "Library",
                "Pipeline", "Requests", "Settings", "StudioCore", "StudioViews", "Tensors",
                "TerminalGraphics"
            ]),
        .executableTarget(
            name: "dcar",
            dependencies: [
                "Assets", "Checkpoints", "Generation", "HybridTokens", "Imaging", "Kernels",
                "Layers", "Pipeline", "Requests", "Settings", "StudioCore", "StudioShell",
                "Tensors", "TerminalGraphics", "TextEncoding", "Verification",
                .product(name: "ArgumentParser", package: "swift-argument-parser")
            ]),
        .target(name: "CPseudoterminal", path: "Tests/CPseudoterminal"),
        .target(
            name: "TestSupport",
            dependencies: ["CPseudoterminal", "Imaging", "Tensors"],
            path: "Tests/TestSupport"),
        .executableTarget(
            name: "full-size-model", dependencies: ["Checkpoints", "TestSupport", "Tensors"],
            path: "Tests/FullSizeModel"),
        .executableTarget(
            name: "studio-bench", dependencies: ["Imaging", "TerminalGraphics", "TestSupport"],
            path: "Tests/StudioBench"),
        .testTarget(
            name: "CheckpointsTests",
            dependencies: [
                "Checkpoints", "Tensors", "TestSupport",
                .product(name: "Crypto", package: "swift-crypto")
            ]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["Imaging", "Kernels", "TestSupport", "dcar"]),
        .testTarget(
            name: "GenerationTests", dependencies: ["CKernels", "Generation", "Requests"]),
        .testTarget(name: "ImagingTests", dependencies: ["CPNG", "Imaging"]),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"]),
        .testTarget(
            name: "LibraryTests",
            dependencies: [
                "Imaging", "Library", "StudioCore", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift")
            ]),
        .testTarget(
            name: "KernelsTests", dependencies: ["CKernels", "Kernels", "Tensors", "TestSupport"]),
        .testTarget(
            name: "PipelineTests", dependencies: ["Checkpoints", "Pipeline", "TestSupport"]),
        .testTarget(name: "SettingsTests", dependencies: ["Settings", "TestSupport"]),
        .testTarget(
            name: "StudioCoreTests", dependencies: ["Settings", "StudioCore", "TestSupport"]),
        .testTarget(
            name: "StudioViewsTests", dependencies: ["StudioViews"], exclude: ["Snapshots"]),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors"]),
        .testTarget(
            name: "TerminalGraphicsTests",
            dependencies: ["CKernels", "Imaging", "TerminalGraphics", "TestSupport"]),
        .testTarget(name: "TextEncodingTests", dependencies: ["TextEncoding"]),
        .testTarget(
            name: "VerificationTests",
            dependencies: ["Checkpoints", "Tensors", "Verification", "TestSupport"])
    ],
    swiftLanguageModes: [.v6]
)
