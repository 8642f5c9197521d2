import StudioCore

extension FrameBuilder {
    mutating func settings(_ state: StudioState, in area: CellArea) {
        heading("Settings", in: area, isFocused: true)
    }
}
