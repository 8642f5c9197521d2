import Imaging

extension StudioState {
    /// How many times a picture can be enlarged.
    static let largestZoom = 8

    /// The part of the picture that the canvas shows, in pixels.
    package var viewport: PixelRectangle {
        let size = pictureSize
        let zoom = max(1, canvas.zoom)
        let (width, height) = (max(1, size.x / zoom), max(1, size.y / zoom))
        return PixelRectangle(
            x: min(max(canvas.origin.x, 0), size.x - width),
            y: min(max(canvas.origin.y, 0), size.y - height), width: width, height: height)
    }

    /// Enlarges or reduces, the cursor staying where it is on the screen.
    mutating func zoom(to zoom: Int) {
        let old = viewport
        canvas.zoom = min(max(zoom, 1), Self.largestZoom)
        let size = pictureSize
        let (width, height) = (size.x / canvas.zoom, size.y / canvas.zoom)
        canvas.origin = PixelPoint(
            x: canvas.cursor.x - (canvas.cursor.x - old.x) * width / old.width,
            y: canvas.cursor.y - (canvas.cursor.y - old.y) * height / old.height)
        followCursor()
        message = Message(
            canvas.zoom == 1 ? "The whole picture." : "\(canvas.zoom)×; the cursor moves the view.")
    }

    /// Keeps the cursor an eighth of the view away from its edges, where the picture goes on.
    mutating func followCursor() {
        let view = viewport
        let (across, down) = (view.width / 8, view.height / 8)
        canvas.origin = PixelPoint(
            x: min(
                max(view.x, canvas.cursor.x + across - view.width + 1), canvas.cursor.x - across),
            y: min(max(view.y, canvas.cursor.y + down - view.height + 1), canvas.cursor.y - down))
        canvas.origin = PixelPoint(x: viewport.x, y: viewport.y)
    }
}
