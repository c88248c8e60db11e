/** The colours of series, in their order. */
export const houseColours = [
  '#E86C00',
  '#2E7D32',
  '#1565C0',
  '#C62828',
  '#6A1B9A',
  '#00838F',
  '#F4A261',
  '#4E342E',
] as const;

export const ground = '#F5F3EE';
export const ink = '#2D2D2D';
export const cardBorder = '#E5E3DE';
export const font = 'Segoe UI';

/** The two ends of a heat map. */
export const heatColours = { least: '#FDF1E6', most: '#E86C00' } as const;

/** What is predicted, beside the first of the colours for what is measured. */
export const predictedColour = '#F4A261';

const solid = (color: string) => ({ solid: { color } });

/** The theme's name among the resources of a report; the theme itself has to have the same. */
export const themeFile = 'House.json';

/** The theme of the reports, as Power BI reads it. */
export const houseTheme = {
  name: themeFile,
  dataColors: houseColours,
  background: '#FFFFFF',
  foreground: ink,
  tableAccent: houseColours[0],
  textClasses: {
    callout: { fontSize: 36, fontFace: font, color: ink },
    title: { fontSize: 12, fontFace: font, color: ink },
    header: { fontSize: 12, fontFace: font, color: ink },
    label: { fontSize: 10, fontFace: font, color: ink },
  },
  visualStyles: {
    '*': {
      '*': {
        background: [{ show: true, color: solid('#FFFFFF'), transparency: 0 }],
        border: [{ show: true, color: solid(cardBorder), radius: 10 }],
        padding: [{ top: 8, bottom: 8, left: 8, right: 8 }],
      },
    },
    page: {
      '*': {
        background: [{ color: solid(ground), transparency: 0 }],
        outspace: [{ color: solid(ground), transparency: 0 }],
      },
    },
  },
} as const;
