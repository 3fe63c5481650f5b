package chrometest

import "encoding/base64"

// onePixelWebP is a lossy WebP of one pixel.
func onePixelWebP() []byte {
	image, err := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	if err != nil {
		panic("chrometest: the prepared WebP is damaged: " + err.Error())
	}
	return image
}
