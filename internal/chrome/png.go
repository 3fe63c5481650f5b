package chrome

import (
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// writePNG encodes a strip row by row. The library's encoder wants to see the
// whole picture twice.
func writePNG(out io.Writer, s *strip, small bool) error {
	header := binary.BigEndian.AppendUint32(nil, uint32(s.width))
	header = binary.BigEndian.AppendUint32(header, uint32(s.height))
	header = append(header, 8, 2, 0, 0, 0) // 8 bits each of red, green and blue
	if _, err := io.WriteString(out, "\x89PNG\r\n\x1a\n"); err != nil {
		return err
	}
	if err := writeChunk(out, "IHDR", header); err != nil {
		return err
	}
	level := zlib.BestSpeed
	if small {
		level = zlib.DefaultCompression
	}
	data := &chunkWriter{out: out}
	packed, err := zlib.NewWriterLevel(data, level)
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	if err := writeRows(packed, s); err != nil {
		return err
	}
	if err := packed.Close(); err != nil {
		return err
	}
	if err := data.flush(); err != nil {
		return err
	}
	return writeChunk(out, "IEND", nil)
}

// writeRows writes each row as its difference from the one above, which packs
// well for pages and costs next to nothing.
func writeRows(out io.Writer, s *strip) error {
	const filterUp = 2
	above := make([]byte, 3*s.width)
	now := make([]byte, 3*s.width)
	line := make([]byte, 1+3*s.width)
	line[0] = filterUp
	for y := range s.height {
		row := s.row(y)
		if row == nil {
			return s.err
		}
		for x := range s.width {
			copy(now[3*x:3*x+3], row[4*x:4*x+3])
		}
		for i, value := range now {
			line[1+i] = value - above[i]
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
		now, above = above, now
	}
	return nil
}

func writeChunk(out io.Writer, name string, content []byte) error {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	chunk = append(append(chunk, name...), content...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	_, err := out.Write(chunk)
	return err
}

// chunkWriter cuts the packed pixels into chunks.
type chunkWriter struct {
	out  io.Writer
	held []byte
}

const chunkBytes = 64 << 10

func (w *chunkWriter) Write(p []byte) (int, error) {
	w.held = append(w.held, p...)
	if len(w.held) < chunkBytes {
		return len(p), nil
	}
	return len(p), w.flush()
}

func (w *chunkWriter) flush() error {
	if len(w.held) == 0 {
		return nil
	}
	err := writeChunk(w.out, "IDAT", w.held)
	w.held = w.held[:0]
	return err
}
