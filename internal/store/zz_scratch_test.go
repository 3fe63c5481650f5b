package store
import ("testing";"time";"fmt";"syscall")
func cpu() time.Duration { var r syscall.Rusage; syscall.Getrusage(0,&r); return time.Duration(r.Utime.Nano()+r.Stime.Nano()) }
func TestSpeedScratch(t *testing.T){
  f:=newFixture(t,4)
  for i:=0;i<4;i++{ f.submit(NewJob{Targets:targets(500,20)}) }
  var hint Hint
  run:=func(n int){ c0:=cpu(); s:=time.Now(); for i:=0;i<n;i++{ f.clock.forward(100*time.Millisecond); c:=f.claim(hint); hint=hintOf(c); f.end(c,success(c))}; fmt.Println("wall",time.Since(s)/time.Duration(n),"cpu",(cpu()-c0)/time.Duration(n)) }
  run(200); run(1500)
}
