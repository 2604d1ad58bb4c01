package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/token"
)

// sales adds what this process sold, by currency; sales of sandboxes are not counted.
func (m *meter) sales(a *app.Rooms, currencies []token.Currency) {
	for _, currency := range currencies {
		labels := prometheus.Labels{"currency": currency.String()}
		m.registry.MustRegister(
			prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "farthing_sales_total", Help: "Purchases and captures made by this process.", ConstLabels: labels},
				func() float64 { count, _ := a.Sold(currency); return float64(count) }),
			prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "farthing_sales_value_total", Help: "What they came to, in major units.", ConstLabels: labels},
				func() float64 { _, value := a.Sold(currency); return float64(value) / token.PerUnit }))
	}
}
