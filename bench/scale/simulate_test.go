package main

import (
	"fmt"
	"math"
	"reflect"
	"testing"
)

// plain is a system in which a capture holds a slot and does nothing else that
// others could be waiting for: M/M/c.
func plain(rate float64, slots int, seed uint64) model {
	return model{
		Rate: rate, Slots: slots, Seconds: 600_000 / rate, Seed: seed,
		Stations: []station{{"page", slots}}, Steps: []step{{0, 1, exponential}},
	}
}

// erlangC is the chance that somebody who arrives must wait.
func erlangC(load float64, servers int) float64 {
	blocked := 1.0 // Erlang B, by recursion
	for n := 1; n <= servers; n++ {
		blocked = load * blocked / (float64(n) + load*blocked)
	}
	use := load / float64(servers)
	return blocked / (1 - use + use*blocked)
}

// The formulas of queueing theory hold: Erlang's for the time of waiting,
// Little's law, and that use is load by servers.
func TestTheSimulationAgreesWithTheFormulas(t *testing.T) {
	for _, c := range []struct {
		load    float64
		servers int
	}{{0.5, 1}, {0.8, 1}, {1.6, 2}, {7, 10}, {9, 10}, {90, 100}} {
		t.Run(fmt.Sprintf("%g of %d", c.load, c.servers), func(t *testing.T) {
			t.Parallel()
			got := simulate(plain(c.load, c.servers, 7))
			wait := erlangC(c.load, c.servers) / (float64(c.servers) - c.load)
			near(t, "wait", got.Wait, wait, 0.15, 0.004) // what is left of chance in so many arrivals
			near(t, "stay", got.Stay, wait+1, 0.05, 0)
			near(t, "rate", got.Done, c.load, 0.02, 0)
			near(t, "use", got.SlotUse, c.load/float64(c.servers), 0.02, 0)
			near(t, "Little's law", got.Present, got.Done*got.Stay, 0.02, 0)
		})
	}
}

func near(t *testing.T, what string, got, want, relative, absolute float64) {
	t.Helper()
	if math.Abs(got-want) > math.Max(relative*want, absolute) {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

func TestTheSameSeedGivesTheSameResult(t *testing.T) {
	one, same, other := simulate(plain(1.6, 2, 1)), simulate(plain(1.6, 2, 1)), simulate(plain(1.6, 2, 2))
	if !reflect.DeepEqual(one, same) {
		t.Errorf("%+v and %+v", one, same)
	}
	if reflect.DeepEqual(one, other) {
		t.Error("another seed changes nothing")
	}
}

// What has the least capacity limits all of it, and is the one that is named.
func TestTheLimitIsWhereItMustBe(t *testing.T) {
	m := model{
		Rate: 100, Slots: 50, Seconds: 300, Seed: 3,
		Stations: []station{{"database", 4}, {"page", 50}, {"bucket", 100}},
		Steps:    []step{{0, 0.002, exponential}, {1, 1, pages}, {2, 0.03, exponential}, {0, 0.002, exponential}},
	}
	got := simulate(m)
	near(t, "rate that 50 slots of about a second give", got.Done, 50/1.034, 0.05, 0)
	if limit, _ := m.limit(); limit != "slots" {
		t.Errorf("the limit is %s, want slots", limit)
	}
	m.Steps[0].mean, m.Steps[3].mean = 0.1, 0.1
	got = simulate(m)
	near(t, "rate that a database of 4 × 200 ms gives", got.Done, 20, 0.05, 0)
	near(t, "its use", got.Busy[0], 1, 0.02, 0)
	if limit, most := m.limit(); limit != "database" || math.Abs(most-20) > 1e-9 {
		t.Errorf("the limit is %s at %g, want database at 20", limit, most)
	}
}

// Each size in the table can do what the plan says of it.
func TestThePlanIsFeasible(t *testing.T) {
	for _, p := range plan() {
		m := p.model(1)
		if limit, most := m.limit(); most < m.Rate {
			t.Errorf("%d workers, %g million a day: %s allows %.0f a second, needed are %.0f", p.Workers, p.Millions, limit, most, m.Rate)
		}
	}
}
