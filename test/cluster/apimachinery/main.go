// Command apimachinery answers how Kubernetes itself reads texts: one question a line on standard
// input, one answer a line on standard output, both in JSON.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"

	"gopkg.in/inf.v0"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
)

type question struct {
	// selector, quantity, label-key, annotation-key or label-value
	Kind string `json:"kind"`
	Text string `json:"text"`
	// Of the objects that a selector is tried on.
	Labels []map[string]string `json:"labels"`
}

type answer struct {
	Valid bool `json:"valid"`
	// Whether a selector matches each of the objects.
	Matches []bool `json:"matches,omitempty"`
	// What a quantity stands for, rounded up to a whole number.
	Value string `json:"value,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	answers := json.NewEncoder(out)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		if err := answers.Encode(asked.answer()); err != nil {
			panic(err)
		}
	}
}

func (asked question) answer() answer {
	switch asked.Kind {
	case "selector":
		selector, err := labels.Parse(asked.Text)
		if err != nil {
			return answer{}
		}
		matches := []bool{}
		for _, set := range asked.Labels {
			matches = append(matches, selector.Matches(labels.Set(set)))
		}
		return answer{Valid: true, Matches: matches}
	case "quantity":
		quantity, err := resource.ParseQuantity(asked.Text)
		if err != nil {
			return answer{}
		}
		return answer{Valid: true, Value: roundUp(quantity)}
	case "label-key":
		return answer{Valid: len(validation.IsQualifiedName(asked.Text)) == 0}
	case "annotation-key":
		// As ValidateAnnotations in k8s.io/apimachinery/pkg/api/validation does.
		return answer{Valid: len(validation.IsQualifiedName(strings.ToLower(asked.Text))) == 0}
	case "label-value":
		return answer{Valid: len(validation.IsValidLabelValue(asked.Text)) == 0}
	}
	panic("unknown kind " + asked.Kind)
}

// roundUp also tells values that fit no 64-bit integer.
func roundUp(quantity resource.Quantity) string {
	scaled := quantity.AsDec()
	whole := new(inf.Dec).Round(scaled, 0, inf.RoundUp)
	return whole.String()
}
