package store

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// crowd has n join while the first transaction is under way, and gives what each
// transaction was asked to do and what each of them was told.
func crowd(t *testing.T, n, most int, run func([]int) (int, error)) (transactions [][]int, told []error) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		var (
			all   = &together[int]{most: most}
			mu    sync.Mutex
			group sync.WaitGroup
		)
		told = make([]error, n)
		for i := range n {
			group.Go(func() {
				told[i] = all.join(i, func(ones []int) (int, error) {
					mu.Lock()
					transactions = append(transactions, slices.Clone(ones))
					mu.Unlock()
					time.Sleep(time.Second)
					return run(ones)
				})
			})
			synctest.Wait()
		}
		group.Wait()
	})
	return transactions, told
}

func TestWhoWaitsSharesTheNextTransaction(t *testing.T) {
	for name, test := range map[string]struct {
		run  func([]int) (int, error)
		want [][]int
		bad  int // who is told of an error; -1 = nobody
	}{
		"as many as may": {
			func(ones []int) (int, error) { return len(ones), nil },
			[][]int{{0}, {1, 2, 3}, {4, 5}},
			-1,
		},
		"who is left over comes first": {
			func(ones []int) (int, error) { return min(2, len(ones)), nil },
			[][]int{{0}, {1, 2, 3}, {3, 4, 5}, {5}},
			-1,
		},
		"nobody fails for another": {
			func(ones []int) (int, error) {
				if slices.Contains(ones, 2) {
					return 0, errors.New("two is bad")
				}
				return len(ones), nil
			},
			nil, 2, // those of the second transaction run at once, by themselves
		},
	} {
		t.Run(name, func(t *testing.T) {
			transactions, told := crowd(t, 6, 3, test.run)
			if test.want != nil && !slices.EqualFunc(transactions, test.want, slices.Equal) {
				t.Errorf("transactions %v, want %v", transactions, test.want)
			}
			for i, err := range told {
				if (err != nil) != (i == test.bad) {
					t.Errorf("%d was told %v", i, err)
				}
			}
		})
	}
}
