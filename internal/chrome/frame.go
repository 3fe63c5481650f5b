package chrome

import (
	"bufio"
	"bytes"
	"errors"
)

const (
	// maxPicture bounds an answer that is a picture or a document; one of
	// 100,000 px in base64 is well below.
	maxPicture = 512 << 20
	// maxMessage bounds every other message. A page decides how long they are: by
	// what it writes to its console, by the addresses it asks for, by what a
	// script gives. What it does that way must not become the server's memory.
	maxMessage = 16 << 20
)

var errTooLong = errors.New("the browser's answer is longer than it may be")

// readMessage gives the bytes up to the next zero byte, valid until the next
// read. Of a message that exceeds its limit it gives the beginning, and not
// whole; the limit is asked of the beginning when that fills the buffer.
func readMessage(reader *bufio.Reader, limitOf func(head []byte) int) (raw []byte, whole bool, err error) {
	chunk, err := reader.ReadSlice(0)
	if err == nil {
		return chunk[:len(chunk)-1], true, nil
	}
	var kept []byte
	limit := 0
	for whole = true; errors.Is(err, bufio.ErrBufferFull); chunk, err = reader.ReadSlice(0) {
		if kept == nil {
			limit = limitOf(chunk)
		}
		if whole = whole && len(kept)+len(chunk) <= limit; whole || kept == nil {
			kept = append(kept, chunk...)
		}
	}
	if err != nil {
		return nil, false, err
	}
	if !whole || len(kept)+len(chunk) > limit {
		return kept, false, nil
	}
	kept = append(kept, chunk...)
	return kept[:len(kept)-1], true, nil
}

// limitOf is how long the message with that beginning may be.
func (c *conn) limitOf(head []byte) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if asked, ok := c.waiting[leadingID(head)]; ok && (asked.method == "Page.captureScreenshot" || asked.method == "Page.printToPDF") {
		return maxPicture
	}
	return maxMessage
}

// leadingID is the id of an answer, 0 of an event.
func leadingID(head []byte) (id int64) {
	digits, _ := bytes.CutPrefix(head, []byte(`{"id":`))
	for len(digits) > 0 && digits[0] >= '0' && digits[0] <= '9' {
		id = id*10 + int64(digits[0]-'0')
		digits = digits[1:]
	}
	return id
}
