package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"darkroom"
	"darkroom/internal/egress"
	"darkroom/internal/queue"
	"darkroom/internal/store"
	"darkroom/internal/webhook"
)

// misbehaviour is a receiver that does not do what it should, and what becomes
// of an attempt there.
type misbehaviour struct {
	name string
	url  string
	late bool // it holds the attempt until it is released

	state  darkroom.DeliveryState
	status int
	code   darkroom.Code
	wait   time.Duration // until the next attempt; 0 = there is none
}

// villains are receivers that misbehave, in every way that is known.
type villains struct {
	release  chan struct{}
	holding  atomic.Int32 // attempts that wait for release
	most     atomic.Int32 // at one receiver at once
	followed atomic.Int32 // redirects
	read     readCounter
}

func (v *villains) serve(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	var here atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.most.Store(max(v.most.Load(), here.Add(1)))
		defer here.Add(-1)
		answer(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(server.Close)
	return server.URL + "/hook"
}

func (v *villains) hold(r *http.Request) {
	v.holding.Add(1)
	defer v.holding.Add(-1)
	select {
	case <-v.release:
	case <-r.Context().Done():
	}
}

// raw answers by hand, below HTTP.
func raw(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		served.Wait()
	})
	served.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			answer(conn)
			_ = conn.Close()
		}
	})
	return "http://" + listener.Addr().String() + "/"
}

func (v *villains) all(t *testing.T) []misbehaviour {
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	answer := func(status int, retryAfter string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if retryAfter != "" {
				w.Header().Set("Retry-After", retryAfter)
			}
			w.WriteHeader(status)
		}
	}
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	const pending, delivered, failed = darkroom.DeliveryPending, darkroom.DeliveryDelivered, darkroom.DeliveryFailed
	return []misbehaviour{
		{"hangs", v.serve(t, func(_ http.ResponseWriter, r *http.Request) {
			v.hold(r)
			panic(http.ErrAbortHandler)
		}), true, pending, 0, darkroom.CodeConnectionReset, 30 * time.Second},
		{"answers in the last moment", v.serve(t, func(_ http.ResponseWriter, r *http.Request) { v.hold(r) }), true, delivered, 200, "", 0},
		{"sends a byte and no end", v.serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
			v.hold(r)
		}), true, delivered, 200, "", 0},
		{"endless body", v.serve(t, func(w http.ResponseWriter, _ *http.Request) {
			for piece := make([]byte, 32<<10); ; {
				if _, err := w.Write(piece); err != nil {
					return
				}
			}
		}), false, delivered, 200, "", 0},
		{"500", v.serve(t, answer(500, "")), false, pending, 500, "", 30 * time.Second},
		{"410", v.serve(t, answer(410, "")), false, failed, 410, "", 0},
		{"429 for an hour", v.serve(t, answer(429, "3600")), false, pending, 429, "", time.Hour},
		{"429 for years", v.serve(t, answer(429, "99999999")), false, pending, 429, "", darkroom.MaxDeliveryRetryAfter},
		{"redirect to metadata", v.serve(t, redirect("http://169.254.169.254/latest/meta-data/")), false, pending, 302, "", 30 * time.Second},
		{"redirect in a loop", v.serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/hook" {
				v.followed.Add(1)
			}
			redirect("/again")(w, r)
		}), false, pending, 302, "", 30 * time.Second},
		{"bad certificate", secure.URL, false, pending, 0, darkroom.CodeTLSError, 30 * time.Second},
		{"name of a private address", "http://private.test/hook", false, pending, 0, darkroom.CodeBlockedTarget, 30 * time.Second},
		{"reset", raw(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1))
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
		}), false, pending, 0, darkroom.CodeConnectionReset, 30 * time.Second},
		{"10,000 headers", raw(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1<<10))
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X-Header: value\r\n", 10_000)+"\r\n")
		}), false, pending, 0, darkroom.CodeTooLarge, 30 * time.Second},
	}
}

// readCounter counts what is read of each connection, by the address there.
type readCounter struct {
	mu   sync.Mutex
	most map[string]int
}

type countedConn struct {
	net.Conn

	address string
	read    int
	counter *readCounter
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read += n
	c.counter.mu.Lock()
	defer c.counter.mu.Unlock()
	c.counter.most[c.address] = max(c.counter.most[c.address], c.read)
	return n, err
}

type names map[string]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	address, err := netip.ParseAddr(n[strings.TrimSuffix(host, ".")])
	if err != nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return []netip.Addr{address}, nil
}

// sender is as the program has it, over a policy that permits loopback, with
// more patience than any test.
func (v *villains) sender(t *testing.T) webhook.Sender {
	t.Helper()
	policy, err := egress.NewPolicy(egress.Config{Allow: []string{"127.0.0.1"}, Resolver: names{"private.test": "10.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	client := policy.Client(10 * time.Minute)
	transport, ok := client.Transport.(*http.Transport)
	if !ok {
		t.Fatalf("the transport is a %T", client.Transport)
	}
	v.read.most = map[string]int{}
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &countedConn{Conn: conn, address: address, counter: &v.read}, nil
	}
	return webhook.Sender{Client: client, Timeout: 10 * time.Minute}
}

// Every receiver that misbehaves has work to do, some hold it for as long as
// they like: the one that is in order is told of all its jobs meanwhile.
func TestBadReceiversHoldUpNobody(t *testing.T) {
	const jobsOfEach, jobsOfGood = 3, 20
	b := newBench(t, 4)
	v := &villains{release: make(chan struct{})}
	config := b.config(4, "first")
	config.Sender = v.sender(t)
	b.Worker = New(config)
	bad := v.all(t)
	good, got := newReceiver(t, 200)
	b.running(t, b.Worker)
	tell := func(url string) string {
		return b.create(t, func(request *store.NewJob) { request.CallbackURL = url }, "/a").ID
	}
	jobs := map[string][]string{}
	late := 0
	for _, one := range bad {
		if one.late {
			late += darkroom.MaxHostDeliveries
		}
		for range jobsOfEach {
			jobs[one.name] = append(jobs[one.name], tell(one.url))
		}
	}
	eventually(t, "those that hold attempts have all they get", func() bool { return int(v.holding.Load()) >= late })
	for range jobsOfGood {
		tell(good)
	}
	for n := range jobsOfGood {
		select {
		case <-got:
		case <-time.After(time.Minute):
			t.Fatalf("the good one was told of %d jobs in a minute", n)
		}
	}
	if n := int(v.holding.Load()); n < late {
		t.Errorf("%d attempts were held meanwhile, not at least %d", n, late)
	}
	close(v.release)
	for _, one := range bad {
		for _, id := range jobs[one.name] {
			b.checkMisbehaviour(t, one, id)
		}
	}
	if v.followed.Load() != 0 || v.most.Load() > darkroom.MaxHostDeliveries {
		t.Errorf("%d redirects were followed, %d attempts were made at one host at once", v.followed.Load(), v.most.Load())
	}
	v.read.mu.Lock()
	defer v.read.mu.Unlock()
	for address, read := range v.read.most {
		if read > darkroom.MaxDeliveryReadBytes+8<<10 { // and the header, and what is read ahead
			t.Errorf("%d bytes were read from %s", read, address)
		}
	}
}

// checkMisbehaviour looks at the first attempt.
func (b *bench) checkMisbehaviour(t *testing.T, one misbehaviour, jobID string) {
	t.Helper()
	var delivery darkroom.Delivery
	eventually(t, one.name+": the first attempt is recorded", func() bool {
		all, err := b.store.Deliveries(t.Context(), jobID)
		if err == nil && len(all) == 1 {
			delivery = all[0]
		}
		return delivery.Attempts == 1
	})
	attempts, err := b.store.Attempts(t.Context(), delivery.ID)
	if err != nil || len(attempts) != 1 {
		t.Fatalf("%s: attempts %+v, %v", one.name, attempts, err)
	}
	attempt := attempts[0]
	if delivery.State != one.state || attempt.Status != one.status || attempt.Code != one.code || len(attempt.Response) > darkroom.MaxDeliveryResponseBytes {
		t.Errorf("%s: %s by %+v", one.name, delivery.State, attempt)
	}
	if (attempt.Error == "") != (one.code == "") || attempt.Header["Webhook-Id"] != delivery.ID {
		t.Errorf("%s: recorded %+v", one.name, attempt)
	}
	if one.wait > 0 && delivery.NextAt.Before(attempt.StartedAt.Add(one.wait)) || delivery.NextAt.After(b.clock.now().Add(one.wait)) {
		t.Errorf("%s: the next attempt at %v, of one at %v", one.name, delivery.NextAt, attempt.StartedAt)
	}
}

// Receivers that were slow have places of their own; a quick answer takes one
// out of them.
func TestSlowReceiversShareTheirPlaces(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	r := newReceivers(func() time.Time { return now })
	host := func(n int) string { return fmt.Sprint("slow", n, ".test:80") }
	enter := func(host string) (slow bool) {
		t.Helper()
		slow, err := r.enter(host)
		if err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		return slow
	}
	for n := range darkroom.MaxSlowDeliveries + 1 {
		r.leave(host(n), enter(host(n)), darkroom.SlowDelivery)
	}
	for n := range darkroom.MaxSlowDeliveries {
		if !enter(host(n)) {
			t.Errorf("%s counts as quick", host(n))
		}
	}
	last := host(darkroom.MaxSlowDeliveries)
	if _, err := r.enter(last); !errors.As(err, new(queue.Later)) {
		t.Errorf("one more slow receiver: %v", err)
	}
	if enter("quick.test:80") {
		t.Error("an unknown receiver counts as slow")
	}
	r.leave(host(0), true, darkroom.SlowDelivery-1)
	r.leave(last, enter(last), darkroom.SlowDelivery)
	if enter(host(0)) {
		t.Errorf("%s counts as slow after a quick answer", host(0))
	}
	now = now.Add(slowKeptFor + 1)
	if enter(last) {
		t.Error("it counts as slow for ever")
	}
}

// A task that waited when its delivery was asked for again comes too late.
func TestATaskOfAnEarlierTurnDoesNothing(t *testing.T) {
	b := newBench(t, 1)
	url, got := newReceiver(t, 500)
	delivery := b.ended(t, url)
	b.deliverNow(t, delivery.ID)
	b.clock.advance(time.Second)
	again, err := b.store.Redeliver(t.Context(), b.key.ID, delivery.ID)
	if err != nil || again.Turn() != 3 || again.NextAt.After(b.clock.now()) {
		t.Fatalf("asked for again: %+v, %v", again, err)
	}
	for _, turn := range []int{1, 2} {
		if err := b.Handlers().Deliver(t.Context(), delivery.ID, turn); err != nil {
			t.Error(err)
		}
	}
	if len(got) != 1 {
		t.Errorf("it was sent %d times", len(got))
	}
	if now := b.deliverNow(t, delivery.ID); now.Attempts != 2 || len(got) != 2 {
		t.Errorf("after the right task: %+v", now)
	}
}
