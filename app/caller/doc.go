// Package caller is who asks for something, and what she may.
//
// A [Viewer] is a person with a session; a [Seller] is a vendor's server with a key, or a member
// who acts for the vendor from the console; an [Actor] works for the provider; a [Browser] is
// somebody who has not logged in yet. They are plain values: whoever made them has authenticated
// the caller, and all rooms trust them.
//
// What is not the caller's does not exist for her: [Foreign] answers alike for what is not there
// and for what is somebody else's.
package caller
