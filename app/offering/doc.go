// Package offering knows what is for sale: offers and how their prices are divided. Both have
// versions that never change, so that what was sold once stays what it was.
package offering
