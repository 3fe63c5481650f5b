package chrome

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/draw"
	"io"
)

// eachRow gives a picture row by row, as red, green, blue and alpha of each
// pixel, until visit says that it has seen enough. Of a PNG it holds two rows;
// what else a browser makes is small enough to be unpacked as a whole.
func eachRow(picture []byte, visit func(row []byte) (more bool)) error {
	if bytes.HasPrefix(picture, []byte(pngMark)) {
		rows, err := openPNG(picture)
		if err != nil {
			return err
		}
		return rows.each(visit)
	}
	whole, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		return fmt.Errorf("unpack the picture: %w", err)
	}
	area := whole.Bounds()
	row := image.NewRGBA(image.Rect(0, 0, area.Dx(), 1))
	for y := range area.Dy() {
		draw.Draw(row, row.Rect, whole, image.Pt(area.Min.X, area.Min.Y+y), draw.Src)
		if !visit(row.Pix) {
			break
		}
	}
	return nil
}

// pixelHash is what Seen.PixelHash describes.
func pixelHash(picture []byte) (string, error) {
	size, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return "", fmt.Errorf("look at the picture: %w", err)
	}
	sum := sha256.New()
	sum.Write(sizeOf(size.Width, size.Height))
	if err := eachRow(picture, func(row []byte) bool { sum.Write(row); return true }); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func sizeOf(width, height int) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(width)), uint32(height))
}

const pngMark = "\x89PNG\r\n\x1a\n"

// pngRows unpacks a PNG as the browser writes it: eight bits a channel, with or
// without alpha, not interlaced. The library's decoder would hold all of it.
type pngRows struct {
	width, height int
	channels      int // bytes of a pixel
	packed        io.Reader
}

func openPNG(picture []byte) (*pngRows, error) {
	chunks := picture[len(pngMark):]
	p := &pngRows{}
	var data [][]byte
	for len(chunks) >= 12 {
		size := int(binary.BigEndian.Uint32(chunks))
		if size < 0 || size > len(chunks)-12 {
			break
		}
		content := chunks[8 : 8+size]
		switch string(chunks[4:8]) {
		case "IHDR":
			if err := p.readHeader(content); err != nil {
				return nil, err
			}
		case "IDAT":
			data = append(data, content)
		}
		chunks = chunks[12+size:]
	}
	if p.channels == 0 || data == nil {
		return nil, fmt.Errorf("the PNG is not whole")
	}
	readers := make([]io.Reader, len(data))
	for i, content := range data {
		readers[i] = bytes.NewReader(content)
	}
	p.packed = io.MultiReader(readers...)
	return p, nil
}

func (p *pngRows) readHeader(header []byte) error {
	if len(header) != 13 {
		return fmt.Errorf("the PNG has a header of %d bytes", len(header))
	}
	p.width, p.height = int(binary.BigEndian.Uint32(header)), int(binary.BigEndian.Uint32(header[4:]))
	const maxWidth = 1 << 20
	if p.width < 1 || p.width > maxWidth || p.height < 1 {
		return fmt.Errorf("the PNG is %d×%d", p.width, p.height)
	}
	switch [3]byte{header[8], header[9], header[12]} {
	case [3]byte{8, 2, 0}:
		p.channels = 3
	case [3]byte{8, 6, 0}:
		p.channels = 4
	default:
		return fmt.Errorf("the PNG is of a kind that no browser writes")
	}
	return nil
}

func (p *pngRows) each(visit func(row []byte) bool) error {
	unpacked, err := zlib.NewReader(p.packed)
	if err != nil {
		return fmt.Errorf("unpack the PNG: %w", err)
	}
	above := make([]byte, p.channels*p.width)
	line := make([]byte, 1+len(above))
	row := make([]byte, 4*p.width)
	for range p.height {
		if _, err := io.ReadFull(unpacked, line); err != nil {
			return fmt.Errorf("unpack the PNG: %w", err)
		}
		if err := unfilter(line[0], line[1:], above, p.channels); err != nil {
			return err
		}
		copy(above, line[1:])
		p.spread(row, above)
		if !visit(row) {
			return nil
		}
	}
	return nil
}

// spread writes pixels of three or four bytes as pixels of four.
func (p *pngRows) spread(row, pixels []byte) {
	if p.channels == 4 {
		copy(row, pixels)
		return
	}
	for x := range p.width {
		row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = pixels[3*x], pixels[3*x+1], pixels[3*x+2], 0xff
	}
}

// unfilter brings back a row from its difference to what is left of it and
// above it (PNG, third edition, §9).
func unfilter(filter byte, now, above []byte, step int) error {
	switch filter {
	case 0:
	case 1:
		for i := step; i < len(now); i++ {
			now[i] += now[i-step]
		}
	case 2:
		for i := range now {
			now[i] += above[i]
		}
	case 3:
		for i := range now {
			left := 0
			if i >= step {
				left = int(now[i-step])
			}
			now[i] += byte((left + int(above[i])) / 2)
		}
	case 4:
		for i := range now {
			var left, corner byte
			if i >= step {
				left, corner = now[i-step], above[i-step]
			}
			now[i] += paeth(left, above[i], corner)
		}
	default:
		return fmt.Errorf("the PNG has a row with filter %d", filter)
	}
	return nil
}

// paeth is whichever of the three is nearest to left + up - corner.
func paeth(left, up, corner byte) byte {
	toLeft, toUp := distance(up, corner), distance(left, corner)
	toCorner := int(left) + int(up) - 2*int(corner)
	toCorner = max(toCorner, -toCorner)
	switch {
	case toLeft <= toUp && toLeft <= toCorner:
		return left
	case toUp <= toCorner:
		return up
	}
	return corner
}

func distance(a, b byte) int { return max(int(a), int(b)) - min(int(a), int(b)) }
