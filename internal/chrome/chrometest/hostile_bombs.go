package chrometest

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	_ "embed"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"
)

// hostileParts are what hostile pages load.
func hostileParts() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/hostile/event-stream": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			forever(w, r, "data: x\n\n")
		},
		"/hostile/socket":        socket,
		"/hostile/frame-wanders": html(`<script>setTimeout(() => { location.href = '/hostile/frame-wanders?' + Math.random() })</script>`),
		"/hostile/frames-deeper": func(w http.ResponseWriter, r *http.Request) {
			depth, _ := strconv.Atoi(r.URL.RawQuery)
			writePage(w, fmt.Sprintf(`%s<iframe src="/hostile/frames-deeper?%d" width="10" height="10"></iframe>`, green, depth+1))
		},
		"/hostile/worker.js": typed("text/javascript", `for (let i = 0; i < 4; i++) new Worker('/hostile/worker.js'); setInterval(() => {}, 1)`),
		"/hostile/huge.png":  func(w http.ResponseWriter, r *http.Request) { typed("image/png", string(hugePNG(30_000)))(w, r) },
		"/hostile/frames.gif": func(w http.ResponseWriter, r *http.Request) {
			typed("image/gif", string(framesGIF(20_000)))(w, r)
		},
		"/hostile/drip.png":   dripPNG,
		"/hostile/laughs.svg": typed("image/svg+xml", laughs()),
	}
}

// hugePNG is a white picture with sides of that many pixels, some hundred
// kilobytes packed, one bit a pixel.
func hugePNG(side int) []byte {
	var packed bytes.Buffer
	packer := zlib.NewWriter(&packed)
	row := append([]byte{0}, bytes.Repeat([]byte{0xff}, (side+7)/8)...)
	for range side {
		_, _ = packer.Write(row)
	}
	_ = packer.Close()
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(side)), uint32(side))
	out := []byte("\x89PNG\r\n\x1a\n")
	for _, part := range []struct {
		kind string
		body []byte
	}{{"IHDR", append(head, 1, 0, 0, 0, 0)}, {"IDAT", packed.Bytes()}, {"IEND", nil}} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(part.body)))
		named := append([]byte(part.kind), part.body...)
		out = append(out, named...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(named))
	}
	return out
}

// dripPNG sends the head of a picture, and then its bytes one by one.
func dripPNG(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(hugePNG(100)[:33])
	_, _ = w.Write([]byte("\x7f\xff\xff\xffIDAT\x78\x9c"))
	forever(w, r, "\x00")
}

// framesGIF is a moving picture of 2,000 × 2,000 pixels, of which each frame
// changes one.
func framesGIF(frames int) []byte {
	out := []byte("GIF89a\xd0\x07\xd0\x07\x80\x00\x00\x00\xff\x00\xff\x00\x00!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")
	frame := []byte("!\xf9\x04\x04\x01\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00")
	for range frames {
		out = append(out, frame...)
	}
	return append(out, ';')
}

// laughs is a drawing that uses itself ten times, ten levels deep.
func laughs() string {
	var out strings.Builder
	out.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><defs><rect id="l0" width="300" height="300" fill="lime"/>`)
	for level := 1; level <= 9; level++ {
		fmt.Fprintf(&out, `<g id="l%d">%s</g>`, level, strings.Repeat(fmt.Sprintf(`<use href="#l%d"/>`, level-1), 10))
	}
	out.WriteString(`</defs><use href="#l9"/></svg>`)
	return out.String()
}

// gzipBomb answers with text a thousand times as long as what is sent, without
// end. One packed block can follow itself: it refers to nothing but blanks.
func gzipBomb(w http.ResponseWriter, _ *http.Request) {
	var head, block bytes.Buffer
	packer := gzip.NewWriter(&head)
	_, _ = fmt.Fprint(packer, pageHead, "<!--")
	_ = packer.Flush()
	deflate, err := flate.NewWriter(&block, flate.BestCompression)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = deflate.Write(bytes.Repeat([]byte("<p>"), 1<<20))
	_ = deflate.Flush()
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Content-Encoding", "gzip")
	for next := head.Bytes(); ; next = block.Bytes() {
		if _, err := w.Write(next); err != nil {
			return
		}
	}
}

// blanks is a green page of one billion blanks, packed by Node's zlib.
//
//go:embed testdata/blanks.html.br
var blanks []byte

func brotliBomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Content-Encoding", "br")
	_, _ = w.Write(blanks)
}
