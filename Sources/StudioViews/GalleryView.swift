import StudioCore

extension FrameBuilder {
    mutating func gallery(_ state: StudioState, in area: CellArea) {
        heading("Gallery", in: area, isFocused: true)
    }
}
