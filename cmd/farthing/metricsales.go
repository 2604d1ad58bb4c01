package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/token"
)

// sales adds what this process sold, by currency; sales of sandboxes are not counted.
func (m *meter) sales(a *app.App, currencies []token.Currency) {
	for _, currency := range currencies {
		labels := prometheus.Labels{"currency": currency.String()}
		m.registry.MustRegister(
			prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "farthing_sales_total", Help: "Purchases and captures made by this process.", ConstLabels: labels},
				func() float64 { count, _ := a.Sold(currency); return float64(count) }),
			prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "farthing_sales_value_total", Help: "What they came to, in major units.", ConstLabels: labels},
				func() float64 { _, value := a.Sold(currency); return float64(value) / token.PerUnit }))
	}
}

// mail adds what became of e-mail.
func (m *meter) mail(p *post) {
	if p.queue == nil {
		return
	}
	m.counter("farthing_mail_sent_total", "E-mails that the mail server took.", func() float64 { return float64(p.queue.Stats().Sent) })
	m.counter("farthing_mail_failed_total", "Tries to send an e-mail that failed.", func() float64 { return float64(p.queue.Stats().Failed) })
	m.counter("farthing_mail_given_up_total", "E-mails that will not be sent.", func() float64 { return float64(p.queue.Stats().GivenUp) })
	m.gauge("farthing_mail_waiting", "E-mails that wait.", func() float64 { return float64(p.queue.Stats().Waiting) })
}
