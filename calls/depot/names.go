package depot

// StillName is where a still lies in the evidence store.
func StillName(room, digest string) string { return "rooms/" + room + "/stills/" + digest + ".webp" }

// PhotoName is where a sensor photo lies in the evidence store.
func PhotoName(room, digest, mime string) string {
	return "rooms/" + room + "/photos/" + digest + Extension(mime)
}

// DocumentName is where a filed document lies in the evidence store.
func DocumentName(room, digest, mime string) string {
	return "rooms/" + room + "/documents/" + digest + Extension(mime)
}

// Extension gives the file name's ending for a picture's or document's type; only the types
// that intake accepts have one.
func Extension(mime string) string {
	switch mime {
	case "image/jpeg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "application/pdf":
		return ".pdf"
	}
	return ".bin"
}
