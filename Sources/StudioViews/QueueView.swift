import StudioCore

extension FrameBuilder {
    mutating func queue(_ state: StudioState, in area: CellArea) {
        heading("Queue", in: area, isFocused: true)
    }
}
