/* The rate table: what a repair takes, by part, kind and level of damage. It is meant to be read and argued with.
 *
 * The figures are a workshop's rules of thumb, set by hand; no invoices stand behind them yet, and every answer says
 * that it is an estimate. Low and high are meant as "one repair in ten is cheaper, one in ten is dearer".
 *
 *	X(part, kind, level, body hours low, likely, high, paint hours, parts EUR low, likely, high, paint and material EUR)
 *
 * Kinds: SCRATCH is polished or painted, DENT is reshaped and painted, BROKEN is replaced. A part of NONE stands for a
 * panel that the photos do not name. Parts are prices for a mid-size car, without tax. */
#ifndef FL_VISION_RATES_H
#define FL_VISION_RATES_H

#define FL_REPAIRS(X)                                                              \
	X(NONE, SCRATCH, MINOR, 0.3, 0.5, 1.0, 1.0, 0, 0, 0, 40)                   \
	X(NONE, SCRATCH, MODERATE, 0.5, 1.0, 2.0, 2.5, 0, 0, 0, 95)                \
	X(NONE, SCRATCH, SEVERE, 1.0, 2.0, 3.5, 3.5, 0, 0, 150, 140)               \
	X(NONE, DENT, MINOR, 0.8, 1.5, 2.5, 1.5, 0, 0, 0, 60)                      \
	X(NONE, DENT, MODERATE, 2.0, 3.5, 5.5, 2.5, 0, 0, 120, 110)                \
	X(NONE, DENT, SEVERE, 4.0, 7.0, 12.0, 4.0, 150, 400, 900, 190)             \
	X(NONE, BROKEN, MINOR, 0.5, 1.0, 2.0, 0.5, 20, 60, 150, 20)                \
	X(NONE, BROKEN, MODERATE, 1.0, 2.5, 4.5, 2.0, 120, 320, 600, 90)           \
	X(NONE, BROKEN, SEVERE, 4.0, 8.0, 14.0, 4.0, 450, 1100, 2400, 190)         \
	X(HOOD, SCRATCH, MINOR, 0.3, 0.5, 1.0, 1.2, 0, 0, 0, 50)                   \
	X(HOOD, SCRATCH, MODERATE, 0.5, 1.0, 1.8, 3.0, 0, 0, 0, 120)               \
	X(HOOD, SCRATCH, SEVERE, 1.0, 1.8, 3.0, 4.0, 0, 0, 0, 160)                 \
	X(HOOD, DENT, MINOR, 0.8, 1.5, 2.5, 1.5, 0, 0, 0, 60)                      \
	X(HOOD, DENT, MODERATE, 2.0, 3.5, 5.0, 3.0, 0, 0, 0, 130)                  \
	X(HOOD, DENT, SEVERE, 2.0, 4.0, 7.0, 4.0, 220, 380, 650, 180)              \
	X(HOOD, BROKEN, MINOR, 0.5, 1.0, 2.0, 1.0, 20, 60, 120, 40)                \
	X(HOOD, BROKEN, MODERATE, 1.5, 2.5, 4.0, 3.5, 220, 380, 600, 160)          \
	X(HOOD, BROKEN, SEVERE, 3.0, 6.0, 11.0, 4.0, 380, 850, 1900, 190)          \
	X(BUMPER, SCRATCH, MINOR, 0.3, 0.5, 1.0, 1.0, 0, 0, 0, 40)                 \
	X(BUMPER, SCRATCH, MODERATE, 0.8, 1.2, 2.0, 2.2, 0, 0, 0, 85)              \
	X(BUMPER, SCRATCH, SEVERE, 1.2, 2.0, 3.0, 2.8, 0, 0, 180, 110)             \
	X(BUMPER, DENT, MINOR, 0.5, 1.2, 2.0, 1.2, 0, 0, 0, 50)                    \
	X(BUMPER, DENT, MODERATE, 1.5, 2.5, 4.0, 2.2, 0, 60, 250, 90)              \
	X(BUMPER, DENT, SEVERE, 2.0, 4.0, 7.0, 2.8, 220, 420, 800, 120)            \
	X(BUMPER, BROKEN, MINOR, 0.5, 1.0, 2.0, 1.0, 20, 60, 140, 40)              \
	X(BUMPER, BROKEN, MODERATE, 1.5, 2.5, 4.0, 2.5, 200, 340, 580, 110)        \
	X(BUMPER, BROKEN, SEVERE, 2.5, 5.0, 9.0, 2.8, 340, 720, 1600, 130)         \
	X(TRUNK, SCRATCH, MINOR, 0.3, 0.5, 1.0, 1.2, 0, 0, 0, 45)                  \
	X(TRUNK, SCRATCH, MODERATE, 0.5, 1.0, 2.0, 2.8, 0, 0, 0, 110)              \
	X(TRUNK, SCRATCH, SEVERE, 1.0, 2.0, 3.2, 3.8, 0, 0, 0, 150)                \
	X(TRUNK, DENT, MINOR, 0.8, 1.5, 2.8, 1.5, 0, 0, 0, 60)                     \
	X(TRUNK, DENT, MODERATE, 2.0, 4.0, 6.0, 3.0, 0, 0, 120, 125)               \
	X(TRUNK, DENT, SEVERE, 3.0, 6.0, 10.0, 4.0, 280, 520, 950, 180)            \
	X(TRUNK, BROKEN, MINOR, 0.5, 1.0, 2.2, 1.0, 30, 80, 160, 40)               \
	X(TRUNK, BROKEN, MODERATE, 2.0, 3.5, 5.5, 3.5, 280, 480, 800, 150)         \
	X(TRUNK, BROKEN, SEVERE, 4.0, 8.0, 14.0, 4.5, 480, 1100, 2300, 200)        \
	X(DOOR, SCRATCH, MINOR, 0.3, 0.5, 1.0, 1.2, 0, 0, 0, 45)                   \
	X(DOOR, SCRATCH, MODERATE, 0.5, 1.0, 2.0, 2.5, 0, 0, 0, 105)               \
	X(DOOR, SCRATCH, SEVERE, 1.0, 2.0, 3.2, 3.5, 0, 0, 0, 145)                 \
	X(DOOR, DENT, MINOR, 0.8, 1.5, 2.5, 1.5, 0, 0, 0, 60)                      \
	X(DOOR, DENT, MODERATE, 2.2, 4.0, 6.0, 2.5, 0, 0, 80, 120)                 \
	X(DOOR, DENT, SEVERE, 3.5, 6.0, 10.0, 3.8, 280, 520, 900, 170)             \
	X(DOOR, BROKEN, MINOR, 0.5, 1.0, 2.0, 0.8, 30, 80, 170, 30)                \
	X(DOOR, BROKEN, MODERATE, 2.0, 3.5, 5.5, 3.2, 280, 480, 800, 145)          \
	X(DOOR, BROKEN, SEVERE, 4.0, 7.5, 12.0, 4.0, 480, 950, 1900, 185)          \
	X(FENDER, SCRATCH, MINOR, 0.3, 0.5, 1.0, 1.0, 0, 0, 0, 40)                 \
	X(FENDER, SCRATCH, MODERATE, 0.5, 1.0, 1.8, 2.2, 0, 0, 0, 90)              \
	X(FENDER, SCRATCH, SEVERE, 1.0, 1.8, 3.0, 3.0, 0, 0, 0, 125)               \
	X(FENDER, DENT, MINOR, 0.8, 1.4, 2.4, 1.3, 0, 0, 0, 55)                    \
	X(FENDER, DENT, MODERATE, 2.0, 3.5, 5.5, 2.3, 0, 0, 60, 105)               \
	X(FENDER, DENT, SEVERE, 3.0, 5.5, 9.5, 3.2, 130, 260, 700, 150)            \
	X(FENDER, BROKEN, MINOR, 0.5, 1.0, 2.0, 0.8, 20, 50, 120, 30)              \
	X(FENDER, BROKEN, MODERATE, 1.8, 3.0, 4.8, 2.8, 120, 220, 420, 125)        \
	X(FENDER, BROKEN, SEVERE, 3.5, 6.5, 11.0, 3.5, 220, 560, 1400, 165)        \
	X(LIGHT, SCRATCH, MINOR, 0.3, 0.5, 1.0, 0.0, 0, 0, 0, 15)                  \
	X(LIGHT, SCRATCH, MODERATE, 0.5, 0.8, 1.5, 0.0, 0, 0, 240, 25)             \
	X(LIGHT, SCRATCH, SEVERE, 0.5, 1.0, 1.8, 0.0, 120, 260, 600, 15)           \
	X(LIGHT, DENT, MINOR, 0.3, 0.6, 1.2, 0.0, 0, 40, 180, 15)                  \
	X(LIGHT, DENT, MODERATE, 0.5, 1.0, 2.0, 0.0, 90, 240, 520, 15)             \
	X(LIGHT, DENT, SEVERE, 1.0, 2.0, 4.0, 1.0, 180, 420, 1100, 45)             \
	X(LIGHT, BROKEN, MINOR, 0.3, 0.6, 1.2, 0.0, 40, 120, 280, 10)              \
	X(LIGHT, BROKEN, MODERATE, 0.5, 1.0, 1.8, 0.0, 120, 290, 700, 15)          \
	X(LIGHT, BROKEN, SEVERE, 1.0, 2.2, 4.5, 1.0, 220, 560, 1500, 50)           \
	X(WINDSHIELD, SCRATCH, MINOR, 0.3, 0.5, 1.0, 0.0, 0, 20, 60, 15)           \
	X(WINDSHIELD, SCRATCH, MODERATE, 0.5, 1.0, 2.0, 0.0, 20, 60, 420, 25)      \
	X(WINDSHIELD, SCRATCH, SEVERE, 1.5, 2.2, 3.5, 0.0, 240, 420, 800, 60)      \
	X(WINDSHIELD, DENT, MINOR, 0.3, 0.6, 1.0, 0.0, 20, 50, 90, 15)             \
	X(WINDSHIELD, DENT, MODERATE, 1.5, 2.2, 3.0, 0.0, 220, 400, 750, 60)       \
	X(WINDSHIELD, DENT, SEVERE, 2.0, 3.5, 6.0, 1.0, 280, 560, 1300, 80)        \
	X(WINDSHIELD, BROKEN, MINOR, 0.3, 0.6, 1.0, 0.0, 20, 60, 110, 15)          \
	X(WINDSHIELD, BROKEN, MODERATE, 1.6, 2.2, 3.0, 0.0, 240, 430, 800, 60)     \
	X(WINDSHIELD, BROKEN, SEVERE, 1.8, 3.0, 5.0, 0.5, 280, 560, 1300, 80)

/* Work per hour, and prices of parts and material against the euros above, by currency.
 *	X(currency, body cents an hour, paint cents an hour, goods percent) */
#define FL_RATES(X)                 \
	X(EUR, 6800, 7400, 100)     \
	X(USD, 6500, 6500, 112)     \
	X(GBP, 5200, 5600, 90)      \
	X(CHF, 14500, 15200, 115)   \
	X(SEK, 95000, 102000, 1150) \
	X(NOK, 102000, 110000, 1250) \
	X(DKK, 62000, 67000, 800)   \
	X(PLN, 18000, 20000, 420)   \
	X(CZK, 95000, 105000, 2450) \
	X(CAD, 9000, 9200, 150)     \
	X(AUD, 11000, 11500, 165)

#endif
