// Times the studio as a person at a terminal meets it: drives the built `dcar` with the embedded
// model in a terminal of its own, which takes no time to draw, and holds what it finds against the
// studio's limits. Takes about three minutes; names of figures choose some of them, and the variable
// DCAR_MODEL another model, for `keys` and `cancel`:
//
//     swift run -c release studio-bench [start] [keys] [cancel] [resize] [sixel] [gallery] [preview]

let all: [(name: String, measure: () throws -> Void)] = [
    ("start", measureStart), ("keys", measureKeys), ("cancel", measureCancel),
    ("resize", measureResize), ("sixel", measureSixel), ("gallery", measureGallery),
    ("preview", measurePreview)
]
let chosen = CommandLine.arguments.dropFirst()
for name in chosen where !all.contains(where: { $0.name == name }) {
    print("There is no figure \(name); there are \(all.map(\.name).joined(separator: ", ")).")
}
for (name, measure) in all where chosen.isEmpty || chosen.contains(name) {
    do {
        try measure()
    } catch {
        print("\(name): \(error)")
    }
}
