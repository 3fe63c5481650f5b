package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"darkroom"
)

// slotWait is how long a single screenshot may wait for a browser, on top of
// the time that its page has.
const slotWait = 30 * time.Second

func (s *server) screenshotByQuery(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	f, err := fieldsOfQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	return s.screenshot(w, r, key, f)
}

func (s *server) screenshotByBody(w http.ResponseWriter, r *http.Request, key darkroom.APIKey) error {
	body, err := s.readBody(w, r)
	if err != nil {
		return err
	}
	f, err := fieldsOfBody(body)
	if err != nil {
		return err
	}
	return s.screenshot(w, r, key, f)
}

// screenshot takes one page now and answers with the image.
func (s *server) screenshot(w http.ResponseWriter, r *http.Request, key darkroom.APIKey, f fields) error {
	target, err := s.target(f)
	if err != nil {
		return err
	}
	options, err := s.options(f)
	if err != nil {
		return err
	}
	for _, name := range append(jobFieldNames(), "urls", "requests") {
		if asksForNothing(f[name]) {
			delete(f, name)
		}
	}
	warnings, err := f.unknown(r.Header, "url")
	if err != nil {
		return err
	}
	if options.Cache {
		warnings = append(warnings, "cache is for jobs: a single screenshot is always taken anew")
	}
	if err := s.Store.TakeScreenshot(r.Context(), key); err != nil {
		return unavailable(err)
	}
	shot, err := s.shoot(r.Context(), target, options)
	if err != nil {
		return err
	}
	shot.Warnings = append(shot.Warnings, warnings...)
	writeShot(w, shot, target, options)
	return nil
}

func (s *server) shoot(ctx context.Context, target string, options darkroom.Options) (darkroom.Shot, error) {
	ctx, cancel := context.WithTimeout(ctx, options.AttemptTimeout()+slotWait)
	defer cancel()
	shot, err := s.Shoot(ctx, darkroom.CaptureRequest{Session: rand.Text(), URL: target, Options: options})
	if err == nil {
		return shot, nil
	}
	failure, coded := errors.AsType[*darkroom.Error](err)
	switch {
	case coded && failure.Code == darkroom.CodeTimeout:
		return shot, failure
	case coded && slices.Contains(darkroom.CaptureCodes(), failure.Code):
		return shot, s.captureFailed(failure, shot)
	case coded:
		return shot, unavailable(failure)
	case errors.Is(err, context.DeadlineExceeded):
		return shot, &darkroom.Error{
			Code: darkroom.CodeTimeout, Message: "No browser was free in time",
			Hint: "Try again, or send the page as a batch job, which waits its turn", Err: err,
		}
	}
	return shot, s.captureFailed(&darkroom.Error{
		Code: darkroom.CodeInternal, Message: "The capture failed inside the server",
		Hint: "Its log has more under this request_id", Err: err,
	}, shot)
}

func (s *server) captureFailed(cause *darkroom.Error, shot darkroom.Shot) *darkroom.Error {
	if cause.Code == darkroom.CodeInternal {
		s.Log.Error("a screenshot or plan failed", "code", cause.Code, "err", cause)
	}
	failed := &darkroom.Error{
		Code: darkroom.CodeCaptureFailed, Message: cause.Message, Hint: cause.Hint,
		HTTPStatus: cause.HTTPStatus, Err: cause,
	}
	setDefault(&failed.Message, "The capture failed: "+string(cause.Code))
	setDefault(&failed.HTTPStatus, shot.HTTPStatus)
	return failed
}

func writeShot(w http.ResponseWriter, shot darkroom.Shot, target string, options darkroom.Options) {
	setDefault(&shot.ContentType, options.ContentType())
	header := w.Header()
	header.Set("Content-Disposition", fmt.Sprintf(`inline; filename="%s.%s"`, hostOf(target), options.WithDefaults().Format))
	header.Set("Content-Security-Policy", "sandbox")
	for name, number := range map[string]int{"Width": shot.Width, "Height": shot.Height, "Http-Status": shot.HTTPStatus, "Blocked": shot.Blocked} {
		if number != 0 {
			header.Set("X-Darkroom-"+name, strconv.Itoa(number))
		}
	}
	if shot.PixelHash != "" {
		header.Set("X-Darkroom-Pixel-Hash", shot.PixelHash)
		header.Set("X-Darkroom-Stable", strconv.FormatBool(shot.Stable))
	}
	if shot.FinalURL != "" {
		header.Set("X-Darkroom-Final-Url", headerText(shot.FinalURL))
	}
	for _, warning := range shot.Warnings {
		header.Add("X-Darkroom-Warning", headerText(warning))
	}
	writeBody(w, http.StatusOK, shot.ContentType, shot.Image)
}

// hostOf names a file after the host of a canonical URL.
func hostOf(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.Hostname() == "" {
		return "screenshot"
	}
	return strings.NewReplacer(":", "_", "%", "_").Replace(u.Hostname())
}

// headerText writes what a page or a client chose into a header: printable
// ASCII, everything else percent-encoded, and not too much of it.
func headerText(text string) string {
	const limit = 2048
	var b strings.Builder
	for i := 0; i < len(text) && b.Len() < limit; i++ {
		if text[i] < ' ' || text[i] > '~' {
			fmt.Fprintf(&b, "%%%02X", text[i])
		} else {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}
