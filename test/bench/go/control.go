package main

import (
	"encoding/json"
	"io"
	"log"
	"os"
	"strings"
	"syscall"
	"time"
)

// controlDescriptor is where the benchmark talks to its servers: one JSON object a line.
const controlDescriptor = 3

// order is what the benchmark says. "cpu" is a question, "play" makes the VMs change.
type order struct {
	Kind       string  `json:"kind"`
	First      int     `json:"first"`
	Count      int     `json:"count"`
	Bursts     int     `json:"bursts"`
	IntervalMs float64 `json:"intervalMs"`
}

// obey does what it is told and ends the process when the benchmark is gone.
func obey(control *os.File, burst func(first, count int)) {
	orders, answers := json.NewDecoder(control), json.NewEncoder(control)
	for {
		var told order
		if err := orders.Decode(&told); err == io.EOF {
			os.Exit(0)
		} else if err != nil {
			log.Fatal(err)
		}
		switch told.Kind {
		case "cpu":
			if err := answers.Encode(map[string]float64{"cpuMs": cpuMs()}); err != nil {
				log.Fatal(err)
			}
		case "play":
			go play(told, burst)
		default:
			log.Fatal("not an order: " + strings.ToValidUTF8(told.Kind, "?"))
		}
	}
}

func play(told order, burst func(first, count int)) {
	interval := time.Duration(told.IntervalMs * float64(time.Millisecond))
	start := time.Now()
	for i := range told.Bursts {
		time.Sleep(time.Until(start.Add(time.Duration(i) * interval)))
		burst(told.First+i*told.Count, told.Count)
	}
}

// cpuMs is the CPU time of all threads since the start.
func cpuMs() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
}
