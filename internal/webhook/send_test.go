package webhook_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"darkroom"
	"darkroom/internal/webhook"
)

func receiver(t *testing.T, answer http.HandlerFunc) darkroom.Delivery {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return darkroom.Delivery{ID: id, URL: server.URL + "/hook", Body: []byte(`{"job_id":"1"}`)}
}

func send(t *testing.T, delivery darkroom.Delivery) (darkroom.DeliveryAttempt, time.Duration) {
	t.Helper()
	return webhook.Sender{Client: http.DefaultClient}.Send(t.Context(), delivery, 3, []string{secret}, sentAt)
}

func TestSendDelivers(t *testing.T) {
	type request struct {
		header http.Header
		body   []byte
		method string
		path   string
	}
	got := make(chan request, 1)
	delivery := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- request{r.Header, body, r.Method, r.URL.Path}
		_, _ = io.WriteString(w, "thanks")
	})
	attempt, retryAfter := send(t, delivery)
	if !webhook.Delivered(attempt) || attempt.Status != 200 || attempt.Error != "" || string(attempt.Response) != "thanks" ||
		attempt.Code != "" || attempt.Attempt != 3 || attempt.DeliveryID != id || !attempt.StartedAt.Equal(sentAt) || attempt.Duration <= 0 || retryAfter != 0 {
		t.Errorf("attempt %+v, retry after %v", attempt, retryAfter)
	}
	sent := <-got
	if sent.method != "POST" || sent.path != "/hook" || !bytes.Equal(sent.body, delivery.Body) {
		t.Errorf("sent %+v", sent)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "Darkroom-Webhook/1.0",
		"X-Webhook-Attempt": "3", "X-Webhook-Id": id, "webhook-id": id,
	} {
		if value := sent.header.Get(name); value != want {
			t.Errorf("%s: %s", name, value)
		}
	}
	for name, value := range attempt.Header {
		if sent.header.Get(name) != value {
			t.Errorf("%s was %q, and %q is recorded", name, sent.header.Get(name), value)
		}
	}
	if len(attempt.Header) < 10 {
		t.Errorf("recorded header %v", attempt.Header)
	}
	if err := verifier(sentAt, secret).Verify(sent.body, sent.header); err != nil {
		t.Error(err)
	}
}

func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		status          int
		delivered, gone bool
	}{
		{200, true, false},
		{202, true, false},
		{204, true, false},
		{299, true, false},
		{300, false, false},
		{304, false, false},
		{400, false, false},
		{404, false, false},
		{408, false, false},
		{410, false, true},
		{429, false, false},
		{500, false, false},
		{503, false, false},
	} {
		attempt, _ := send(t, receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(test.status) }))
		if attempt.Status != test.status || webhook.Delivered(attempt) != test.delivered || webhook.Gone(attempt) != test.gone {
			t.Errorf("status %d: %+v", test.status, attempt)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		var reached atomic.Int32
		target := receiver(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
		attempt, _ := send(t, receiver(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, target.URL, status)
		}))
		if attempt.Status != status || webhook.Delivered(attempt) || reached.Load() != 0 {
			t.Errorf("%d: %+v, the target was reached %d times", status, attempt, reached.Load())
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"120":                           2 * time.Minute,
		" 7 ":                           7 * time.Second,
		"0":                             0,
		"-5":                            0,
		"86401":                         24 * time.Hour,
		"99999999999999":                24 * time.Hour,
		"999999999999999999999999":      0,
		"soon":                          0,
		"":                              0,
		"Mon, 23 Nov 2026 07:31:00 GMT": 59876543211 * time.Nanosecond,
		"Mon, 23 Nov 2020 07:31:00 GMT": 0,
		"Mon, 23 Nov 2099 07:31:00 GMT": 24 * time.Hour,
	} {
		_, got := send(t, receiver(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", value)
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		if got != want {
			t.Errorf("Retry-After %q: %v, want %v", value, got, want)
		}
	}
}

// endless gives bytes as long as they are taken, and counts them.
type endless struct{ given atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.given.Add(int64(len(p)))
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func (e *endless) Close() error { return nil }

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func TestLittleOfALargeAnswerIsRead(t *testing.T) {
	body := &endless{}
	client := &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body}, nil
	})}
	attempt, _ := webhook.Sender{Client: client}.Send(t.Context(), darkroom.Delivery{ID: id, URL: "http://a.test/"}, 1, []string{secret}, sentAt)
	if !webhook.Delivered(attempt) || len(attempt.Response) != darkroom.MaxDeliveryResponseBytes {
		t.Errorf("status %d, kept %d bytes", attempt.Status, len(attempt.Response))
	}
	if given := body.given.Load(); given > 64<<10 {
		t.Errorf("read %d bytes", given)
	}
}

func TestAReceiverThatNeverAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		attempt, _ := webhook.Sender{Client: client}.Send(t.Context(), darkroom.Delivery{ID: id, URL: "http://a.test/"}, 1, []string{secret}, sentAt)
		if attempt.Status != 0 || attempt.Code != darkroom.CodeTimeout || attempt.Duration != darkroom.DeliveryTimeout {
			t.Errorf("attempt %+v", attempt)
		}
	})
}

func TestAnAnswerInTheLastMoment(t *testing.T) {
	for early, want := range map[time.Duration]int{time.Millisecond: 200, -time.Millisecond: 0} {
		synctest.Test(t, func(t *testing.T) {
			client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				select {
				case <-time.After(darkroom.DeliveryTimeout - early):
					return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
				case <-r.Context().Done():
					return nil, r.Context().Err()
				}
			})}
			attempt, _ := webhook.Sender{Client: client}.Send(t.Context(), darkroom.Delivery{ID: id, URL: "http://a.test/"}, 1, []string{secret}, sentAt)
			if attempt.Status != want || (attempt.Code == darkroom.CodeTimeout) != (want == 0) {
				t.Errorf("%v before the time is up: %+v", early, attempt)
			}
		})
	}
}

// dripping answers at once and then gives one byte a second.
type dripping struct{ ctx context.Context }

func (d dripping) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		return copy(p, "x"), nil
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
}

func (dripping) Close() error { return nil }

func TestAnAnswerThatDripsCountsByItsStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: dripping{r.Context()}}, nil
		})}
		attempt, _ := webhook.Sender{Client: client}.Send(t.Context(), darkroom.Delivery{ID: id, URL: "http://a.test/"}, 1, []string{secret}, sentAt)
		if !webhook.Delivered(attempt) || attempt.Duration != darkroom.DeliveryTimeout {
			t.Errorf("attempt %+v", attempt)
		}
	})
}

func TestWhyThereWasNoAnswer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	refused := darkroom.Errorf(darkroom.CodeBlockedTarget, "10.0.0.1 is a private address")
	blocking := &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) { return nil, refused })}
	for _, test := range []struct {
		about  string
		client *http.Client
		url    string
		secret string
		code   darkroom.Code
		want   string
	}{
		{"refused", http.DefaultClient, "http://" + address + "/?token=x", secret, darkroom.CodeConnectionRefused, "refused the connection"},
		{"blocked", blocking, "http://a.test/", secret, darkroom.CodeBlockedTarget, "10.0.0.1 is a private address"},
		{"no URL", http.DefaultClient, "http://%zz/", secret, darkroom.CodeInternal, "invalid URL"},
		{"no secret", http.DefaultClient, "http://a.test/", "", darkroom.CodeInternal, "secret"},
	} {
		attempt, _ := webhook.Sender{Client: test.client}.Send(t.Context(), darkroom.Delivery{ID: id, URL: test.url}, 1, []string{test.secret}, sentAt)
		if attempt.Status != 0 || attempt.Code != test.code || !strings.Contains(attempt.Error, test.want) || strings.Contains(attempt.Error, "token") {
			t.Errorf("%s: %+v", test.about, attempt)
		}
	}
}
