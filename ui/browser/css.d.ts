/** Style sheets are put into app.css when the program is built. */
declare module '*.css';
