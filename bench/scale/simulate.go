package main

import (
	"container/heap"
	"math"
	"math/rand/v2"
)

// step is one thing that a capture does at a station, for a while.
type step struct {
	at   int     // index into model.Stations
	mean float64 // seconds
	draw func(r *rand.Rand, mean float64) float64
}

// station serves so many captures at once; more wait, the first first.
type station struct {
	Name    string
	Servers int
}

// model is a system in which captures arrive at random, take one of the slots,
// and go through the steps while they hold it.
type model struct {
	Rate     float64 // captures that arrive in a second, on average
	Slots    int
	Stations []station
	Steps    []step
	Seconds  float64 // that are simulated; the first fifth is not counted
	Seed     uint64
}

// result is what was seen.
type result struct {
	Done    float64   // captures that ended in a second
	Wait    float64   // seconds for a slot, on average
	Stay    float64   // seconds from arrival to end, on average
	Present float64   // captures that are there, on average
	Backlog int       // of them waiting for a slot at the end
	Busy    []float64 // of each station's servers, 0 to 1
	SlotUse float64   // of the slots, 0 to 1
}

func exponential(r *rand.Rand, mean float64) float64 { return mean * r.ExpFloat64() }

// pages is how long pages take: most a little less than the mean, some several
// times as long.
func pages(r *rand.Rand, mean float64) float64 {
	const sigma = 0.6
	return mean * math.Exp(sigma*r.NormFloat64()-sigma*sigma/2)
}

type capture struct {
	arrived float64
	next    int // index of the next step
}

type event struct {
	at      float64
	order   int // events at one moment happen in the order in which they were made
	capture *capture
}

type agenda []event

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].order < a[j].order
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push is of heap.Interface.
func (a *agenda) Push(x any) { *a = append(*a, x.(event)) }

// Pop is of heap.Interface.
func (a *agenda) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	*a = (*a)[:last]
	return e
}

// run is one simulation under way.
type run struct {
	model
	random  *rand.Rand
	agenda  agenda
	order   int
	now     float64
	waiting []*capture   // for a slot
	taken   int          // slots
	queues  [][]*capture // of each station
	busy    []int

	from                   float64 // when counting begins
	done, begun            int
	waited, stayed, inside float64
	present                int
	slotSeconds            float64
	serverSeconds          []float64
}

// simulate plays the model. The same model gives the same result.
func simulate(m model) result {
	r := &run{
		model: m, random: rand.New(rand.NewPCG(m.Seed, 1)), from: m.Seconds / 5,
		queues: make([][]*capture, len(m.Stations)), busy: make([]int, len(m.Stations)), serverSeconds: make([]float64, len(m.Stations)),
	}
	r.plan(exponential(r.random, 1/m.Rate), nil)
	for len(r.agenda) > 0 {
		e := heap.Pop(&r.agenda).(event)
		r.pass(math.Min(e.at, m.Seconds))
		if e.at >= m.Seconds {
			break
		}
		if e.capture == nil {
			r.arrive()
			continue
		}
		r.served(e.capture)
	}
	return r.result()
}

func (r *run) plan(after float64, c *capture) {
	r.order++
	heap.Push(&r.agenda, event{r.now + after, r.order, c})
}

// pass lets time go on and counts what stands meanwhile.
func (r *run) pass(to float64) {
	if since := to - math.Max(r.now, r.from); since > 0 {
		r.inside += since * float64(r.present)
		r.slotSeconds += since * float64(r.taken)
		for i, busy := range r.busy {
			r.serverSeconds[i] += since * float64(busy)
		}
	}
	r.now = to
}

func (r *run) arrive() {
	r.plan(exponential(r.random, 1/r.Rate), nil)
	r.present++
	r.waiting = append(r.waiting, &capture{arrived: r.now})
	r.fillSlots()
}

func (r *run) fillSlots() {
	for r.taken < r.Slots && len(r.waiting) > 0 {
		c := r.waiting[0]
		r.waiting = r.waiting[1:]
		r.taken++
		if r.now >= r.from {
			r.begun++
			r.waited += r.now - c.arrived
		}
		r.goOn(c)
	}
}

// goOn lets the capture queue for its next step, or end.
func (r *run) goOn(c *capture) {
	if c.next == len(r.Steps) {
		r.taken--
		r.present--
		if r.now >= r.from {
			r.done++
			r.stayed += r.now - c.arrived
		}
		return
	}
	at := r.Steps[c.next].at
	r.queues[at] = append(r.queues[at], c)
	r.serve(at)
}

func (r *run) serve(at int) {
	for r.busy[at] < r.Stations[at].Servers && len(r.queues[at]) > 0 {
		c := r.queues[at][0]
		r.queues[at] = r.queues[at][1:]
		r.busy[at]++
		step := r.Steps[c.next]
		r.plan(step.draw(r.random, step.mean), c)
	}
}

// served ends a step.
func (r *run) served(c *capture) {
	at := r.Steps[c.next].at
	r.busy[at]--
	c.next++
	r.goOn(c)
	r.serve(at)
	r.fillSlots()
}

func (r *run) result() result {
	span := r.Seconds - r.from
	seen := result{
		Done: float64(r.done) / span, Present: r.inside / span, Backlog: len(r.waiting),
		SlotUse: r.slotSeconds / span / float64(r.Slots),
		Wait:    r.waited / math.Max(1, float64(r.begun)), Stay: r.stayed / math.Max(1, float64(r.done)),
	}
	for i, seconds := range r.serverSeconds {
		seen.Busy = append(seen.Busy, seconds/span/float64(r.Stations[i].Servers))
	}
	return seen
}
